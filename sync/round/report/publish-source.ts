import type { Account } from '../../../requests/account/account.ts'
import type { SeenStatus } from '../../../requests/external-secret/seen-external-secret.ts'
import type { SourceRef } from '../../../requests/secret/source-ref.ts'
import type { Source } from '../../../requests/source/source.ts'
import { notSynced, synced } from '../../status/ready-status.ts'
import type { Failure } from '../result/failure.ts'
import type { RoundResult } from '../result/round-result.ts'
import { type PublishReadyOptions, publishReady } from './publish-ready.ts'
import { describeFailures, type ReportedRound } from './report.ts'

/**
 * Publishes the status of an ExternalSecret after a round of its account.
 *
 * @returns what its owner should know although it is in sync, if that is news
 */
export async function publishSource(
  source: SourceRef & { readonly uid: string; readonly before: SeenStatus },
  options: PublishReadyOptions & {
    readonly account: Account
    /** Absent if it has a mistake. */
    readonly accepted: Source | undefined
    /** The part of the round that concerns the source. */
    readonly round: ReportedRound
    /** What failed for all Secrets of the account. */
    readonly accountFailures: readonly Failure[]
    readonly synced: RoundResult['synced']
  },
): Promise<string | undefined> {
  const { account, accepted, round, accountFailures, synced: syncedSecrets } = options
  const { name, uid, before } = source
  const { namespace } = account
  const object = { kind: 'ExternalSecret', namespace, name, uid, before } as const
  const failures = [...round.failures, ...accountFailures]
  if (failures.length > 0) {
    await publishReady(object, notSynced(describeFailures(failures)), options)
    return undefined
  }
  const secret = accepted?.secrets[0]?.name
  if (secret === undefined || !syncedSecrets.has(secret)) return undefined
  const { revision = '' } = accepted ?? {}
  const written = { name: secret, isWritten: round.changes.has(secret), revision }
  const notes = [...howRead(accepted, account), ...(accepted?.notes ?? [])]
  const isNews = await publishReady(object, synced(notes), { ...options, secret: written })
  return isNews && notes.length > 0 ? notes.join('; ') : undefined
}

/** Says so if the store asks for another sign-in, which is never used. */
const howRead = (source: Source | undefined, { name }: Account): readonly string[] =>
  source?.otherSignIn === undefined ? [] : [`read as ServiceAccount ${name}: ${source.otherSignIn}`]

import type { AgentConfig } from '../../init-agent/contract.ts'
import type { Session } from '../../init-agent/projection/session.ts'
import { objectKey, wantedObjects } from '../../init-agent/projection/wanted-objects.ts'
import type { Clock } from '../../lib/clock.ts'
import { type AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log.ts'
import type { SyncCluster } from '../cluster/cluster-port.ts'
import type { SyncMetrics } from '../metrics.ts'
import type { Failing } from '../plan/account-status.ts'
import type { DesiredSecret } from '../plan/desired-secret.ts'
import { desiredRecord, recordedNames } from '../plan/record.ts'
import { filesOfSecret, secretData } from '../plan/secret-data.ts'
import { syncedObjects } from '../plan/synced-objects.ts'
import { isRecordName, recordName } from '../record-name.ts'
import type { Account } from '../request/account.ts'
import type { AccountRequest } from '../request/account-request.ts'
import { type AccountValues, type RefreshedAccount, refreshAccount } from './refresh-account.ts'
import { type SecretChange, type SettledSecret, settleSecret } from './settle-secret.ts'

export type Wanted = Extract<AccountRequest, { kind: 'wanted' }>

export interface RoundOptions {
  readonly cluster: SyncCluster
  readonly metrics: Pick<SyncMetrics, 'countWrite'>
  readonly clock: Clock
  readonly log: Log
  readonly account: Account
  /** Absent: the account asks for nothing any more. */
  readonly wanted?:
    | {
        readonly request: Wanted
        readonly session: Session
        readonly before: AccountValues | undefined
        readonly isRegular: boolean
        /** The versions that its Secrets were left in, by name, as far as they were done. */
        readonly leftVersions: ReadonlyMap<string, string>
      }
    | undefined
  /** Nothing is begun any more once it has aborted. */
  readonly signal: AbortSignal
}

/** Something that isn't as it should be. `subject`: what, an object's key or a Secret's name. */
export interface Failure {
  readonly subject: string
  readonly error: AkvError
}

export interface Round {
  readonly values: AccountValues | undefined
  readonly changes: ReadonlyMap<string, SecretChange>
  readonly failures: readonly Failure[]
  /** The Secrets that are as they should be: by name, their versions. */
  readonly synced: ReadonlyMap<string, string>
  /** Somebody else has written one of the Secrets: the next round has to ask for everything. */
  readonly isOutdated: boolean
  /** False: there is something left to do, or it was told to stop. */
  readonly isFinished: boolean
}

/**
 * One round for one account: what the vaults have, then each of its Secrets, one after the other. Nothing is thrown, and
 * what fails keeps the rest from nothing.
 */
export async function reconcile(options: RoundOptions): Promise<Round> {
  const progress = startProgress(options)
  try {
    const { cluster, account, wanted } = options
    const record = { namespace: account.namespace, name: recordName(account) }
    const storedRecord = await cluster.readSecret(record)
    const recorded = recordedNames(account, storedRecord)
    const refreshed = wanted && (await refreshAccount({ ...options, ...wanted, ...wanted.request }))
    if (options.signal.aborted)
      return { ...progress.end(), values: wanted?.before, isFinished: false }
    const found = new Map([...(refreshed?.found ?? []), [record.name, storedRecord] as const])
    await settleAll(options, { values: refreshed?.values, found, recorded, progress })
    return { ...progress.end(), values: refreshed?.values }
  } catch (thrown) {
    progress.failure(accountSubject, toAkvError(thrown))
    return { ...progress.end(), values: options.wanted?.before }
  }
}

type FoundSecrets = RefreshedAccount['found']
type Progress = ReturnType<typeof startProgress>

function startProgress(options: RoundOptions) {
  const changes = new Map<string, SecretChange>()
  const failures: Failure[] = []
  const synced = new Map<string, string>()
  let isFinished = true
  let isOutdated = false
  const failure = (subject: string, error: AkvError) => {
    failures.push({ subject, error })
    isFinished = false
  }
  return {
    failure,
    async settle(
      name: string,
      desired: DesiredSecret | undefined,
      found: FoundSecrets = new Map(),
    ): Promise<SettledSecret> {
      const { isRegular, leftVersions } = options.wanted ?? {}
      const settled = await settleSecret({
        ...options,
        name,
        desired,
        found: found.has(name) ? { stored: found.get(name) } : undefined,
        leftVersion: isRegular ? undefined : leftVersions?.get(name),
        onWrite: options.metrics.countWrite,
      })
      const { state, change, error, stored } = settled
      // Nobody needs to hear of our own notes.
      if (change !== undefined && !isRecordName(name)) changes.set(name, change)
      if (error !== undefined) failures.push({ subject: secretSubject(name), error })
      if (state === 'done') synced.set(name, stored?.resourceVersion ?? '')
      else if (state !== 'defied') isFinished = false
      if (state === 'outdated') isOutdated = true
      return settled
    },
    end: () => ({ changes, failures, synced, isFinished, isOutdated }),
  }
}

async function settleAll(
  options: RoundOptions,
  round: {
    readonly values: AccountValues | undefined
    readonly found: FoundSecrets
    readonly recorded: ReadonlySet<string>
    readonly progress: Progress
  },
): Promise<void> {
  const { account, wanted } = options
  const { values, found, recorded, progress } = round
  const record = recordName(account)
  const names = wanted?.request.secrets.map(({ name }) => name) ?? []
  const unwanted = [...recorded].filter((name) => !names.includes(name))
  // Before anything is made that nobody would know of, were we to end in between.
  const isRecorded =
    names.every((name) => recorded.has(name)) ||
    (await progress.settle(record, desiredRecord(account, [...recorded, ...names]), found))
      .state === 'done'
  let areAllThere = true
  if (wanted && values) {
    reportObjects(wanted.request, { values, progress })
    for (const secret of wanted.request.secrets) {
      const desired = desiredSecret(secret, { request: wanted.request, values })
      const isThere =
        (isRecorded || recorded.has(secret.name)) &&
        (await progress.settle(secret.name, desired, found)).stored !== undefined
      if (isThere) continue
      if (desired.data.state !== 'reduced') areAllThere = false
      reportAbsent(desired, { config: wanted.request.config, values, progress })
    }
  }
  // It may be that somebody has only renamed it, and what it is called now has no value yet.
  if (!areAllThere || unwanted.length === 0) return
  let isCleared = true
  for (const name of unwanted)
    isCleared = (await progress.settle(name, undefined)).state === 'done' && isCleared
  if (isCleared) await progress.settle(record, desiredRecord(account, names))
}

/** What failed, whether it was asked for in this round or rests. */
function reportObjects(
  { config }: Wanted,
  { values, progress }: { readonly values: AccountValues; readonly progress: Progress },
): void {
  for (const { reference, versions } of wantedObjects(config)) {
    const key = objectKey(reference, { versions })
    const error = values.refresh.statuses.get(key)?.error
    if (error !== undefined) progress.failure(key, error)
  }
}

/** Why a Secret isn't there, where to remove what has gone from the vault is no failure. */
function reportAbsent(
  { secret, data }: DesiredSecret,
  {
    config,
    values,
    progress,
  }: {
    readonly config: AgentConfig
    readonly values: AccountValues
    readonly progress: Progress
  },
): void {
  if (data.state === 'whole') return
  for (const { object, versions, optional } of filesOfSecret(secret.name, config)) {
    const key = objectKey(object, { versions })
    const error = optional === true ? undefined : values.gone.get(key)
    if (error !== undefined) progress.failure(key, error)
  }
}

function desiredSecret(
  secret: DesiredSecret['secret'],
  { request: { config }, values }: { readonly request: Wanted; readonly values: AccountValues },
): DesiredSecret {
  const { refresh, gone, filled, versions } = values
  return {
    secret,
    data: secretData(secret.name, { config, content: refresh.content, filled, gone }),
    objects: syncedObjects(secret.name, { config, versions, gone, content: refresh.content }),
  }
}

/**
 * Why a Secret isn't as it should be after a round, or undefined if it is. It isn't either if one of its objects could not
 * be fetched, though its last good value is there.
 */
export function failureOf(
  name: string,
  { request: { config }, round }: { readonly request: Wanted; readonly round: Round },
): Failing['code'] | undefined {
  const codes = new Map(round.failures.map(({ subject, error }) => [subject, error.code]))
  const [ofObject] = filesOfSecret(name, config).flatMap(
    ({ object, versions }) => codes.get(objectKey(object, { versions })) ?? [],
  )
  if (ofObject === undefined && round.synced.has(name)) return undefined
  const ofAccount = codes.get(accountSubject)
  return codes.get(secretSubject(name)) ?? ofObject ?? ofAccount ?? 'waiting'
}

/** What failures are named after: a Secret, or what every Secret of the account needs. Objects have their key. */
const secretSubject = (name: string): string => `Secret ${name}`
const accountSubject = 'account'

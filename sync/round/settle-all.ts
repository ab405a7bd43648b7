import { objectKey, wantedObjects } from '../../init-agent/projection/wanted-objects.ts'
import type { AkvError } from '../../lib/errors/akv-error.ts'
import type { AccountValues } from '../fetch/account-values.ts'
import type { DesiredSecret } from '../plan/desired-secret.ts'
import { desiredRecord } from '../plan/record.ts'
import { filesOfSecret, secretData } from '../plan/secret-data.ts'
import type { StoredSecret } from '../plan/stored-secret.ts'
import { syncedObjects } from '../plan/synced-objects.ts'
import { recordName } from '../record-name.ts'
import type { RequestedSecret, SyncRequest } from '../request/account-request.ts'
import type { Failure } from './failure.ts'
import type { ReconcileOptions } from './round-input.ts'
import { type SettledSecret, settleSecret } from './settle-secret.ts'

/** What one step of a round came to. */
export type RoundStep =
  | ({ readonly kind: 'settled'; readonly name: string } & SettledSecret)
  | { readonly kind: 'failed'; readonly failure: Failure }

type SettledStep = Extract<RoundStep, { kind: 'settled' }>

export interface RoundFindings {
  /** Absent if the account no longer asks for anything. */
  readonly values: AccountValues | undefined
  /** The Secrets that this round has read already, by name; undefined for those that don't exist. */
  readonly found: ReadonlyMap<string, StoredSecret | undefined>
  /** The names in the account's record. */
  readonly recorded: ReadonlySet<string>
}

/**
 * Brings all Secrets of an account, and its record, to their desired state. The order of the steps makes it safe to stop
 * after any of them: a Secret that exists is always in the record, so a later round can find and delete it.
 */
export async function settleAll(
  options: ReconcileOptions,
  findings: RoundFindings,
): Promise<readonly RoundStep[]> {
  const { account, input } = options
  const { found, recorded } = findings
  const names = input?.request.secrets.map(({ name }) => name) ?? []
  const record = recordName(account)

  // 1. Add new names to the record, before any of these Secrets is created.
  const all = [...recorded, ...names]
  const hasNewNames = names.some((name) => !recorded.has(name))
  const recording = hasNewNames
    ? [await settle(record, { desired: desiredRecord(account, all), found, options })]
    : []

  // 2. Settle each Secret that is asked for, but none that isn't in the record.
  const known = recording.every(isDone) ? new Set(all) : recorded
  const { steps: requested, isComplete } = await settleRequested(options, { ...findings, known })

  // 3. Delete the Secrets that are no longer asked for, but only once all others exist: an entry may just have been
  //    renamed, and its new Secret may not have its values yet.
  const unwanted = isComplete ? [...recorded].filter((name) => !names.includes(name)) : []
  const deletions: SettledStep[] = []
  for (const name of unwanted) deletions.push(await settle(name, { options }))

  // 4. Remove the deleted names from the record once all of these Secrets are gone. A record without names is deleted.
  const isCleared = unwanted.length > 0 && deletions.every(isDone)
  const cleanup = isCleared
    ? [await settle(record, { desired: desiredRecord(account, names), options })]
    : []

  return [...recording, ...requested, ...deletions, ...cleanup]
}

const isDone = ({ state }: SettledStep): boolean => state === 'done'

async function settleRequested(
  options: ReconcileOptions,
  { values, found, known }: RoundFindings & { readonly known: ReadonlySet<string> },
): Promise<{ readonly steps: readonly RoundStep[]; readonly isComplete: boolean }> {
  if (options.input === undefined || values === undefined) return { steps: [], isComplete: true }
  const { request } = options.input
  const steps: RoundStep[] = [...objectFailures(request, values)]
  let isComplete = true
  for (const secret of request.secrets) {
    const desired = desiredSecret(secret, { request, values })
    const step = known.has(secret.name)
      ? await settle(secret.name, { desired, found, options })
      : undefined
    if (step !== undefined) steps.push(step)
    if (step?.stored !== undefined) continue
    // A Secret whose objects are all gone from the vault (`on-deleted: remove`) isn't waited for.
    if (desired.data.state !== 'reduced') isComplete = false
    steps.push(...missingObjectFailures(desired, { request, values }))
  }
  return { steps, isComplete }
}

async function settle(
  name: string,
  step: {
    /** Absent if the Secret should be deleted. */
    readonly desired?: DesiredSecret | undefined
    /** Absent if the Secret may have changed since this round read it, and has to be read again. */
    readonly found?: RoundFindings['found']
    readonly options: ReconcileOptions
  },
): Promise<SettledStep> {
  const { desired, found } = step
  const { cluster, account, input, metrics, signal } = step.options
  const settled = await settleSecret({
    cluster,
    account,
    name,
    desired,
    found: found?.has(name) ? { stored: found.get(name) } : undefined,
    leftVersion: input?.isRegular ? undefined : input?.leftVersions.get(name),
    onWrite: metrics.countWrite,
    signal,
  })
  return { kind: 'settled', name, ...settled }
}

interface Requested {
  readonly request: SyncRequest
  readonly values: AccountValues
}

/** The objects that failed, whether they were asked for in this round or are waiting for their next try. */
function objectFailures({ config }: SyncRequest, { refresh }: AccountValues): readonly RoundStep[] {
  return wantedObjects(config).flatMap(({ reference, versions }) => {
    const key = objectKey(reference, { versions })
    return failedStep(key, refresh.statuses.get(key)?.error)
  })
}

/**
 * Why a Secret couldn't be created: the vault doesn't have its objects. With `on-deleted: remove` that isn't a failure of
 * the object itself, so {@link objectFailures} doesn't include it.
 */
function missingObjectFailures(
  { secret, data }: DesiredSecret,
  { request: { config }, values }: Requested,
): readonly RoundStep[] {
  if (data.state === 'whole') return []
  return filesOfSecret(secret.name, config).flatMap(({ object, versions, optional }) => {
    const key = objectKey(object, { versions })
    return failedStep(key, optional === true ? undefined : values.gone.get(key))
  })
}

const failedStep = (key: string, error: AkvError | undefined): readonly RoundStep[] =>
  error === undefined ? [] : [{ kind: 'failed', failure: { kind: 'object', key, error } }]

function desiredSecret(
  secret: RequestedSecret,
  { request: { config }, values }: Requested,
): DesiredSecret {
  const { refresh, gone, filled, versions } = values
  const { content } = refresh
  return {
    secret,
    data: secretData(secret.name, { config, content, filled, gone }),
    objects: syncedObjects(secret.name, { config, versions, gone, content }),
  }
}

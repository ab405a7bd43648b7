import { AkvError, toAkvError } from '../../../lib/errors/akv-error.ts'
import type { Account } from '../../../requests/account/account.ts'
import { isRecordName } from '../../../requests/account/record-name.ts'
import { type SecretName, StaleError, type SyncCluster } from '../../cluster/cluster-port.ts'
import type { WriteKind } from '../../metrics/metrics.ts'
import type { DesiredSecret } from '../../plan/desired-secret.ts'
import { planSecret } from '../../plan/plan-secret.ts'
import type { SecretStep } from '../../plan/secret-step.ts'
import type { StoredSecret } from '../../plan/stored-secret.ts'
import { secretValuesError } from '../../plan/values-error.ts'
import type { SecretChange } from '../result/round-result.ts'

interface SettleSecretOptions {
  readonly cluster: SyncCluster
  readonly account: Account
  readonly name: string
  /** Absent if the Secret should be deleted. */
  readonly desired?: DesiredSecret | undefined
  /** The Secret as this round has read it already. Absent if it has to be read. */
  readonly found?: { readonly stored: StoredSecret | undefined } | undefined
  /** Leave the Secret alone if its resourceVersion is no longer this one. Absent if it may have changed. */
  readonly leftVersion?: string | undefined
  readonly onWrite: (kind: WriteKind) => void
  /** No further step begins once it has aborted; a running step ends. */
  readonly signal: AbortSignal
}

export type SettledSecret = Outcome & {
  readonly change?: SecretChange
  /** The Secret as last seen. */
  readonly stored: StoredSecret | undefined
}

type Outcome =
  /**
   * `done`: the Secret is as desired; `waiting`: something has to happen first; `outdated`: somebody else has written the
   * Secret since, perhaps with newer values; `stopped`: the signal aborted.
   */
  | { readonly state: 'done' | 'waiting' | 'outdated' | 'stopped'; readonly error?: never }
  /** `defied`: something undoes what we write, so retrying soon won't help. */
  | { readonly state: 'failed' | 'defied'; readonly error: AkvError }

/** Creating takes two writes and renewing three. The other steps allow for changes by others in between. */
const maxSteps = 8

/** Where a Secret stands between two steps. */
interface Progress {
  /** One time for all steps, so that a repeated step is the same. */
  readonly nowMs: number | undefined
  readonly stored: StoredSecret | undefined
  readonly change?: SecretChange | undefined
  /** The last step, if it was carried out. */
  readonly written?: Write | undefined
}

/**
 * Brings one Secret to its desired state, step by step. Each step is planned on the Secret that the step before has left.
 * Never throws: if a step fails, the result includes what was done before.
 */
export async function settleSecret(options: SettleSecretOptions): Promise<SettledSecret> {
  const { cluster, account, name, found, leftVersion } = options
  // No workload reads a record.
  const nowMs = isRecordName(name) ? undefined : cluster.serverTimeMs()
  let progress: Progress = { nowMs, stored: found?.stored }
  try {
    if (found === undefined)
      progress = { nowMs, stored: await cluster.readSecret({ namespace: account.namespace, name }) }
    const { stored } = progress
    if (leftVersion !== undefined && stored && stored.resourceVersion !== leftVersion)
      return settled(progress, { state: 'outdated' })
    for (let count = 0; count < maxSteps; count++) {
      const step = nextStep(progress, options)
      if (step.kind === 'end') return settled(progress, step.outcome)
      progress = await advance(step, { progress, options })
    }
    return settled(progress, { state: 'failed', error: neverSettled(name) })
  } catch (thrown) {
    return settled(progress, { state: 'failed', error: errorOf(thrown, name) })
  }
}

/** The API server's refusal of a value reads like our own, so that it tells no more. */
function errorOf(thrown: unknown, name: string): AkvError {
  const error = toAkvError(thrown)
  return error.code === 'AKV_SYNC_VALUES' ? secretValuesError(name, error.detail) : error
}

function settled({ stored, change }: Progress, outcome: Outcome): SettledSecret {
  // An update that something undoes at once isn't a change.
  const isUndone = outcome.state === 'defied' && change === 'updated'
  return { ...outcome, stored, ...(change !== undefined && !isUndone && { change }) }
}

type End = { readonly kind: 'end'; readonly outcome: Outcome }

const end = (outcome: Outcome): End => ({ kind: 'end', outcome })

/** The next write, or the outcome. */
function nextStep(progress: Progress, options: SettleSecretOptions): Write | End {
  const { account, name, desired, signal } = options
  if (signal.aborted) return end({ state: 'stopped' })
  const step = planSecret({ account, desired, stored: progress.stored, nowMs: progress.nowMs })
  switch (step.kind) {
    case 'nothing':
      return end({ state: 'done' })
    case 'wait':
      return end({ state: 'waiting' })
    case 'blocked':
      return end({ state: 'failed', error: step.error })
    default:
      return isRepeated(step, progress) ? end({ state: 'defied', error: defied(name) }) : step
  }
}

async function advance(
  step: Write,
  { progress, options }: { readonly progress: Progress; readonly options: SettleSecretOptions },
): Promise<Progress> {
  const { cluster, account, name, onWrite } = options
  const secret = { namespace: account.namespace, name }
  const { nowMs, stored, change } = progress
  try {
    const written = await carryOut(step, { cluster, secret })
    onWrite(step.kind)
    return { nowMs, stored: written, change: changeOf(step, change), written: step }
  } catch (error) {
    return { nowMs, stored: await readAfterFailure(error, { cluster, secret, stored }), change }
  }
}

type Write = Extract<SecretStep, { kind: WriteKind }>

/** After an apply, the plan asks for the very same apply again: an admission webhook has changed what we wrote. */
const isRepeated = (step: Write, { written }: Progress): boolean =>
  step.kind === 'apply' &&
  written?.kind === 'apply' &&
  JSON.stringify(step.secret) === JSON.stringify(written.secret)

const defied = (name: string): AkvError =>
  new AkvError(
    'AKV_SECRET_CONFLICT',
    `Secret ${name}: something changes the Secret while it is being written, such as an admission webhook`,
  )

const neverSettled = (name: string): AkvError =>
  new AkvError(
    'AKV_SECRET_CONFLICT',
    `Secret ${name} was changed ${maxSteps} times while the controller tried to write it`,
  )

interface Target {
  readonly cluster: SyncCluster
  readonly secret: SecretName
}

/** @returns the Secret after the step */
async function carryOut(
  step: Write,
  { cluster, secret }: Target,
): Promise<StoredSecret | undefined> {
  switch (step.kind) {
    case 'create':
      return await cluster.createSecret(step.secret)
    case 'claim':
      return await cluster.claimSecret(secret, step.patch)
    case 'apply':
      return await cluster.applySecret(step.secret, { force: step.force })
    case 'delete':
      await cluster.deleteSecret(secret, step.uid)
      // Finalizers may keep the Secret.
      return await cluster.readSecret(secret)
    default:
      return step satisfies never
  }
}

/**
 * Reads the Secret again if that may change the plan, and otherwise throws the error. If somebody has replaced the Secret,
 * the API server may report a conflict of fields before it compares the uids.
 */
async function readAfterFailure(
  error: unknown,
  { cluster, secret, stored }: Target & { readonly stored: StoredSecret | undefined },
): Promise<StoredSecret | undefined> {
  if (!(error instanceof StaleError) && !isContentRefused(error)) throw error
  const now = await cluster.readSecret(secret)
  if (error instanceof StaleError || now?.uid !== stored?.uid) return now
  throw error
}

const isContentRefused = (error: unknown): boolean =>
  error instanceof AkvError &&
  (error.code === 'AKV_SECRET_CONFLICT' ||
    error.code === 'AKV_SECRET_REFUSED' ||
    error.code === 'AKV_SYNC_VALUES')

function changeOf(step: Write, before: SecretChange | undefined): SecretChange | undefined {
  switch (step.kind) {
    case 'create':
      return before === 'renewed' ? 'renewed' : 'created'
    case 'claim':
      return before
    case 'apply':
      return step.force ? 'adopted' : (before ?? 'updated')
    case 'delete':
      return step.reason === 'renewed' ? 'renewed' : 'deleted'
    default:
      return step satisfies never
  }
}

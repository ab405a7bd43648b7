import { AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import { type SecretName, StaleError, type SyncCluster } from '../cluster/cluster-port.ts'
import type { WriteKind } from '../metrics.ts'
import type { DesiredSecret } from '../plan/desired-secret.ts'
import { planSecret } from '../plan/plan-secret.ts'
import type { SecretStep } from '../plan/secret-step.ts'
import type { StoredSecret } from '../plan/stored-secret.ts'
import type { Account } from '../request/account.ts'

export interface SettleSecretOptions {
  readonly cluster: SyncCluster
  readonly account: Account
  readonly name: string
  /** Absent: the account asks for it no more. */
  readonly desired?: DesiredSecret | undefined
  /** As it was found a moment ago; absent where it has not been looked at. */
  readonly found?: { readonly stored: StoredSecret | undefined } | undefined
  /** The version that we left it in; one that has changed since waits. Absent: it may have changed. */
  readonly leftVersion?: string | undefined
  readonly onWrite: (kind: WriteKind) => void
  /** No further step is begun once it has aborted; one that runs ends. */
  readonly signal: AbortSignal
}

/** What was done to a Secret, for people. */
export type SecretChange = 'created' | 'updated' | 'adopted' | 'deleted' | 'renewed'

export interface SettledSecret {
  readonly change?: SecretChange
  /**
   * `done`: nothing is left to do; `waiting`: something has to happen first; `outdated`: somebody has written it since,
   * and may know more of the vault; `failed`: `error` says why; `defied`: so, too, and to try again soon is of no use;
   * `stopped`: it was told to.
   */
  readonly state: 'done' | 'waiting' | 'outdated' | 'failed' | 'defied' | 'stopped'
  readonly error?: AkvError
  /** The Secret as it is then, as far as this is known. */
  readonly stored: StoredSecret | undefined
}

/** Creating takes two writes and renewing three; the rest is for what others change meanwhile. */
const maxSteps = 8

/**
 * Brings one Secret to where it should be, step by step, each planned on what the one before has left. Nothing is thrown:
 * what was done before something failed is told.
 */
export async function settleSecret(options: SettleSecretOptions): Promise<SettledSecret> {
  const { cluster, account, desired, leftVersion, signal } = options
  const secret = { namespace: account.namespace, name: options.name }
  let stored = options.found?.stored
  let change: SecretChange | undefined
  let written: Write | undefined
  const settled = (state: SettledSecret['state'], error?: AkvError): SettledSecret => ({
    state,
    stored,
    ...(change !== undefined && { change }),
    ...(error !== undefined && { error }),
  })
  try {
    if (options.found === undefined) stored = await cluster.readSecret(secret)
    if (leftVersion !== undefined && stored && stored.resourceVersion !== leftVersion)
      return settled('outdated')
    for (let count = 0; count < maxSteps; count++) {
      if (signal.aborted) return settled('stopped')
      const step = planSecret({ account, desired, stored })
      if (step.kind === 'nothing') return settled('done')
      if (step.kind === 'wait') return settled('waiting')
      if (step.kind === 'blocked') return settled('failed', step.error)
      if (written !== undefined && isSameApply(step, written)) {
        if (change === 'updated') change = undefined
        return settled('defied', defied(options.name))
      }
      try {
        stored = await carryOut(step, { cluster, secret })
        written = step
        options.onWrite(step.kind)
        change = changeOf(step, change)
      } catch (error) {
        written = undefined
        stored = await afterFailure(error, { cluster, secret, stored })
      }
    }
    return settled('failed', restless(options.name))
  } catch (thrown) {
    return settled('failed', toAkvError(thrown))
  }
}

type Write = Extract<SecretStep, { kind: WriteKind }>

/** That the answer to one Apply asks for the very same: an admission webhook has changed what was written. */
const isSameApply = (step: Write, before: Write): boolean =>
  step.kind === 'apply' &&
  before.kind === 'apply' &&
  JSON.stringify(step.secret) === JSON.stringify(before.secret)

const defied = (name: string): AkvError =>
  new AkvError({
    code: 'AKV_SECRET_CONFLICT',
    message: `Secret ${name}: something changes what is written while it is written, such as an admission webhook`,
  })

const restless = (name: string): AkvError =>
  new AkvError({
    code: 'AKV_SECRET_CONFLICT',
    message: `Secret ${name} was changed ${maxSteps} times while it was to be written`,
  })

interface Place {
  readonly cluster: SyncCluster
  readonly secret: SecretName
}

/** Gives the Secret as it is then. */
async function carryOut(
  step: Write,
  { cluster, secret }: Place,
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
      // Finalizers may keep it.
      return await cluster.readSecret(secret)
    default:
      return step satisfies never
  }
}

/**
 * A fresh look, where it may change what there is to do: somebody else's Secret of the same name conflicts with ours,
 * too, before the API server comes to see that it is another.
 */
async function afterFailure(
  error: unknown,
  { cluster, secret, stored }: Place & { readonly stored: StoredSecret | undefined },
): Promise<StoredSecret | undefined> {
  if (!(error instanceof StaleError) && !isOfContent(error)) throw error
  const now = await cluster.readSecret(secret)
  if (error instanceof StaleError || now?.uid !== stored?.uid) return now
  throw error
}

const isOfContent = (error: unknown): boolean =>
  error instanceof AkvError &&
  (error.code === 'AKV_SECRET_CONFLICT' || error.code === 'AKV_SECRET_REFUSED')

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

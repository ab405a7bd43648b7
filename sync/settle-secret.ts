import { AkvError } from '../keyvault/errors.ts'
import type { WriteKind } from './metrics.ts'
import { planSecret, type SecretWish } from './plan-secret.ts'
import type { Account } from './read-account.ts'
import type { SecretStep } from './secret-step.ts'
import type { StoredSecret } from './stored-secret.ts'
import { type SecretName, StaleError, type SyncCluster } from './sync-cluster.ts'

export interface SettleSecretOptions {
  readonly cluster: SyncCluster
  readonly account: Account
  readonly name: string
  /** Absent: the account asks for it no more. */
  readonly wish?: SecretWish | undefined
  /** As it was found a moment ago; absent where it has not been looked at. */
  readonly found?: { readonly stored: StoredSecret | undefined } | undefined
  readonly onWrite: (kind: WriteKind) => void
  /** No further step is begun once it has aborted; one that runs ends. */
  readonly signal: AbortSignal
}

/** What was done to a Secret, for people. */
export type SecretChange = 'created' | 'updated' | 'adopted' | 'deleted' | 'renewed'

export interface SettledSecret {
  readonly change?: SecretChange
  /** `done`: nothing is left to do; `waiting`: something has to happen first; `stopped`: it was told to. */
  readonly state: 'done' | 'waiting' | 'stopped'
}

/** Creating takes two writes and renewing three; the rest is for what others change meanwhile. */
const maxSteps = 8

/**
 * Brings one Secret to where it should be, step by step, each planned on what the one before has left.
 *
 * @throws AkvError when it can't be: it is as it was then
 */
export async function settleSecret(options: SettleSecretOptions): Promise<SettledSecret> {
  const { cluster, account, wish, signal } = options
  const secret = { namespace: account.namespace, name: options.name }
  let stored = options.found ? options.found.stored : await cluster.readSecret(secret)
  let change: SecretChange | undefined
  for (let count = 0; count < maxSteps; count++) {
    if (signal.aborted) return settled('stopped', change)
    const step = planSecret({ account, wish, stored })
    switch (step.kind) {
      case 'nothing':
        return settled('done', change)
      case 'wait':
        return settled('waiting', change)
      case 'blocked':
        throw step.error
      default:
        try {
          stored = await carryOut(step, { cluster, secret })
          options.onWrite(step.kind)
          change = changeOf(step, change)
        } catch (error) {
          stored = await afterFailure(error, { cluster, secret, stored })
        }
    }
  }
  throw new AkvError({
    code: 'AKV_SECRET_CONFLICT',
    message: `Secret ${options.name} was changed ${maxSteps} times while it was to be written`,
  })
}

const settled = (
  state: SettledSecret['state'],
  change: SecretChange | undefined,
): SettledSecret => ({ state, ...(change !== undefined && { change }) })

type Write = Extract<SecretStep, { kind: WriteKind }>

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

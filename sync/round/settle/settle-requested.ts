import { objectKey, wantedObjects } from '../../../init-agent/projection/wanted-objects.ts'
import type { CpuBudget } from '../../../keyvault/formats/cpu-budget.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import type { AccountValues } from '../../fetch/account-values.ts'
import { maxKeptBytes } from '../../fetch/bound-values.ts'
import type { DesiredSecret } from '../../plan/desired-secret.ts'
import { originKey } from '../../plan/record.ts'
import {
  composedData,
  divideBySecret,
  type SecretData,
  type SecretPart,
  secretData,
} from '../../plan/secret-data.ts'
import { syncedObjects } from '../../plan/synced-objects.ts'
import type { Account } from '../../request/account.ts'
import type { SyncRequest } from '../../request/account-request.ts'
import type { RequestedSecret } from '../../request/requested-secret.ts'
import type { AskedSecrets, FoundSecrets, RoundStep, Settle } from './round-step.ts'

/**
 * Settles the Secrets that an account requests, one after the other, and returns which objects failed.
 *
 * @param options - `known`: the names in the account's record. No other Secret is created.
 * @returns `incomplete`: the origins (`originKey`) of the requested Secrets that don't exist yet
 */
export async function settleRequested({
  account,
  budget,
  request,
  values,
  known,
  found,
  settle,
}: AskedSecrets & {
  readonly account: Account
  readonly budget: CpuBudget
  readonly known: ReadonlySet<string>
  readonly found: FoundSecrets
  readonly settle: Settle
}): Promise<{ readonly steps: readonly RoundStep[]; readonly incomplete: ReadonlySet<string> }> {
  const steps: RoundStep[] = [...objectFailures(request, values)]
  const incomplete = new Set<string>()
  const partOf = divideBySecret({ config: request.config, content: values.refresh.content })
  for (const secret of request.secrets) {
    const { name } = secret
    const part = partOf(name)
    const desired = await desiredSecret(secret, { account, part, values, budget })
    const step = known.has(name) ? await settle({ name, desired, found }) : undefined
    if (step !== undefined) steps.push(step)
    // A composed Secret isn't reduced: it waits for all of its objects, and this says for which.
    if (secret.composition) steps.push(...missingObjectFailures(desired, { part, values }))
    if (step?.stored !== undefined) continue
    // A Secret whose objects are all gone from the vault (`on-deleted: remove`) doesn't count as missing.
    if (desired.data.state !== 'reduced') incomplete.add(originKey(secret))
    if (!secret.composition) steps.push(...missingObjectFailures(desired, { part, values }))
  }
  return { steps, incomplete }
}

/** The objects that failed, whether they were requested in this round or wait for their next retry. */
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
  { data }: DesiredSecret,
  { part, values }: { readonly part: SecretPart; readonly values: AccountValues },
): readonly RoundStep[] {
  if (data.state === 'whole') return []
  return part.config.files.flatMap(({ object, versions, optional }) => {
    const key = objectKey(object, { versions })
    return failedStep(key, optional === true ? undefined : values.gone.get(key))
  })
}

const failedStep = (key: string, error: AkvError | undefined): readonly RoundStep[] =>
  error === undefined ? [] : [{ kind: 'failed', failure: { kind: 'object', key, error } }]

interface Making {
  readonly account: Account
  readonly part: SecretPart
  readonly values: AccountValues
  readonly budget: CpuBudget
}

async function desiredSecret(secret: RequestedSecret, making: Making): Promise<DesiredSecret> {
  const { gone, versions } = making.values
  const round = { ...making.part, gone, versions }
  return {
    secret,
    data: await dataOf(secret, making),
    objects: syncedObjects(secret.name, round),
  }
}

async function dataOf(
  { name, composition }: RequestedSecret,
  { account, part, values, budget }: Making,
): Promise<SecretData> {
  const { gone, filled } = values
  const round = { ...part, gone, filled }
  if (!composition) return secretData(name, round)
  // The values aren't kept, and unlike those of other Secrets, they can't be read from the Secret.
  if (values.tooLarge.has(name))
    return { keys: new Map(), state: 'waiting', error: tooLarge(name, account) }
  return await composedData({ name, composition }, { ...round, budget })
}

const tooLarge = (name: string, account: Account): AkvError =>
  new AkvError({
    code: 'AKV_SYNC_SOURCE',
    message: `Secret ${name}: with its values and those of older ExternalSecrets, ServiceAccount ${account.name} would take more memory than the controller keeps for one account: ${maxKeptBytes / 1024 / 1024} MiB, or less if its namespace's share has less left; make it smaller, or read it as another account`,
  })

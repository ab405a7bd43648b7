import { neededValues } from '../../../delivery/needed-values.ts'
import { objectKey, wantedObjects } from '../../../delivery/projection/wanted-objects.ts'
import type { ObjectReference } from '../../../keyvault/reference.ts'
import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import type { AkvError } from '../../../lib/errors/akv-error.ts'
import type { Account } from '../../../requests/account/account.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import type { RequestedSecret } from '../../../requests/secret/requested-secret.ts'
import { type SecretFind, secretFindKey } from '../../../requests/secret/secret-find.ts'
import { composedData } from '../../compose/compose.ts'
import type { AccountValues } from '../../fetch/account-values.ts'
import { maxKeptBytes } from '../../fetch/bound-values.ts'
import { secretsFound } from '../../fetch/find/expand-finds.ts'
import type { DesiredSecret } from '../../plan/desired-secret.ts'
import { originKey } from '../../plan/record.ts'
import {
  divideBySecret,
  type SecretData,
  type SecretPart,
  secretData,
} from '../../plan/secret-data.ts'
import { heldObjects, syncedObjects } from '../../plan/synced-objects.ts'
import { secretValuesError, withObjects, withoutContent } from '../../plan/values-error.ts'
import type { FoundObjects } from '../result/round-result.ts'
import type { FoundSecrets, RequestedValues, RoundStep, Settle, SettledStep } from './round-step.ts'
import type { Try, TryLimit } from './try-limit.ts'

interface SettledRequest {
  readonly steps: readonly RoundStep[]
  readonly incomplete: ReadonlySet<string>
  readonly objects: FoundObjects['requested']
}

/**
 * Settles the Secrets that an account requests, one after the other, and returns which objects failed.
 *
 * @param options - `known`: the names in the account's record. No other Secret is created.
 * @returns `incomplete`: the origins (`originKey`) of the requested Secrets that don't exist yet; `objects`: those that each
 *   Secret holds
 */
export async function settleRequested({
  account,
  budget,
  request,
  values,
  known,
  found,
  settle,
  tries,
}: RequestedValues & {
  readonly account: Account
  readonly budget: CpuBudget
  readonly known: ReadonlySet<string>
  readonly found: FoundSecrets
  readonly settle: Settle
  readonly tries: TryLimit
}): Promise<SettledRequest> {
  const steps: RoundStep[] = [...objectFailures(request, values), ...findFailures(request, values)]
  const incomplete = new Set<string>()
  const objects = new Map<string, readonly ObjectReference[] | undefined>()
  const partOf = divideBySecret({ config: request.config, content: values.refresh.content })
  for (const secret of request.secrets) {
    const { name } = secret
    const part = partOf(name)
    const attempt = beginTry(secret, { account, part, values, tries })
    const unlisted = findsOf(name, request).find((find) => !secretsFound(find, values.findings))
    const desired = await desiredSecret(secret, {
      attempt,
      part,
      values,
      budget,
      isListed: !unlisted,
    })
    const step = known.has(name)
      ? namingObjects(await settle({ name, desired, found }), part)
      : undefined
    if (step !== undefined) endTry(attempt, step)
    if (step !== undefined) steps.push(step)
    objects.set(name, step && objectsAfter(step, desired))
    // A composed Secret isn't reduced: it waits for all of its objects, and this says for which.
    if (secret.composition) steps.push(...missingObjectFailures(desired, { part, values }))
    if (step?.stored !== undefined) continue
    // A Secret whose objects are all gone from the vault (`on-deleted: remove`), or that finds nothing, doesn't count as missing.
    if (!isGone.has(desired.data.state)) incomplete.add(originKey(secret))
    if (!secret.composition) steps.push(...missingObjectFailures(desired, { part, values }))
  }
  return { steps, incomplete, objects }
}

const isGone: ReadonlySet<SecretData['state']> = new Set(['reduced', 'unfound'])

const findsOf = (secret: string, { config }: SyncRequest): readonly SecretFind[] =>
  (config.finds ?? []).filter(({ to }) => to.secret === secret)

/** The finds that failed, whatever they had found before. A Secret is told about the first of its own. */
function findFailures({ config }: SyncRequest, { findings }: AccountValues): readonly RoundStep[] {
  const errors = new Map<string, AkvError>()
  for (const find of config.finds ?? []) {
    const error = findings.get(secretFindKey(find))?.error
    if (error && !errors.has(find.to.secret)) errors.set(find.to.secret, error)
  }
  return [...errors].map(([name, error]) => ({
    kind: 'failed',
    failure: { kind: 'secret', name, error },
  }))
}

/** The objects that a Secret holds. Undefined if it could not be read, or if a write may have succeeded without an answer. */
const objectsAfter = (
  { stored, error }: SettledStep,
  { objects }: DesiredSecret,
): readonly ObjectReference[] | undefined =>
  error?.code.startsWith('AKV_CLUSTER_') ? undefined : heldObjects(stored, objects)

/** A Secret's owner looks for the value in the vault. */
const namingObjects = (step: SettledStep, { config }: SecretPart): SettledStep =>
  step.error === undefined
    ? step
    : {
        ...step,
        error: withObjects(
          step.error,
          config.files.flatMap(neededValues).map(({ object }) => object),
        ),
      }

/** The objects that failed, whether they were requested in this round or wait for their next retry. */
function objectFailures({ config }: SyncRequest, { refresh }: AccountValues): readonly RoundStep[] {
  return wantedObjects(config).flatMap(({ reference, versions }) => {
    const key = objectKey(reference, { versions })
    const error = refresh.statuses.get(key)?.error
    return failedStep(key, error && withoutContent(error, reference))
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
  return part.config.files.flatMap(neededValues).flatMap(({ object, versions, optional }) => {
    const key = objectKey(object, { versions })
    return failedStep(key, optional === true ? undefined : values.removed.get(key))
  })
}

const failedStep = (key: string, error: AkvError | undefined): readonly RoundStep[] =>
  error === undefined ? [] : [{ kind: 'failed', failure: { kind: 'object', key, error } }]

const unlimited: Try = { kind: 'allowed', ended: () => undefined }

/** Only a Secret that is composed can ask a question about a value again and again. */
const beginTry = (
  { name, source, composition }: RequestedSecret,
  {
    account: { namespace },
    part,
    values,
    tries,
  }: Pick<Making, 'part' | 'values'> & { readonly account: Account; readonly tries: TryLimit },
): Try =>
  source && composition
    ? tries.begin({
        namespace,
        name,
        source,
        composition,
        files: part.content.files,
        isTooLarge: values.tooLarge.has(name),
      })
    : unlimited

function endTry(attempt: Try, { state, error }: SettledStep): void {
  if (attempt.kind === 'refused') return
  if (error?.code === 'AKV_SYNC_VALUES') attempt.ended('failed')
  else if (state === 'done') attempt.ended('done')
}

interface Making {
  /** Whether the vaults of all of its finds have been listed. */
  readonly isListed: boolean
  readonly attempt: Try
  readonly part: SecretPart
  readonly values: AccountValues
  readonly budget: CpuBudget
}

async function desiredSecret(secret: RequestedSecret, making: Making): Promise<DesiredSecret> {
  const { removed, versions } = making.values
  const round = { ...making.part, removed, versions }
  return {
    secret,
    data: await dataOf(secret, making),
    objects: syncedObjects(secret.name, round),
  }
}

async function dataOf(
  { name, composition }: RequestedSecret,
  { attempt, part, values, budget, isListed }: Making,
): Promise<SecretData> {
  const { removed, filled } = values
  const round = { ...part, removed, filled }
  if (!composition) return secretData(name, round)
  if (attempt.kind === 'refused') return unmade(attempt.error)
  // The values aren't kept, and unlike those of other Secrets, they can't be read from the Secret.
  if (values.tooLarge.has(name)) return unmade(tooLarge(name))
  if (!isListed) return { keys: new Map(), state: 'waiting' }
  return await composedData({ name, composition }, { ...round, budget })
}

const unmade = (error: AkvError): SecretData => ({ keys: new Map(), state: 'waiting', error })

const tooLarge = (name: string): AkvError =>
  secretValuesError(
    name,
    `Secret ${name}: with its values and those of older ExternalSecrets, its account would take more memory than the controller keeps for one account: ${maxKeptBytes / 1024 / 1024} MiB, or less if its namespace's share has less left; make it smaller, or read it as another account`,
  )

import { neededValues } from '../../../delivery/needed-values.ts'
import { objectKey } from '../../../delivery/projection/wanted-objects.ts'
import type { ObjectReference } from '../../../keyvault/reference.ts'
import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import type { AkvError } from '../../../lib/errors/akv-error.ts'
import type { Account } from '../../../requests/account/account.ts'
import type { RequestedSecret } from '../../../requests/secret/requested-secret.ts'
import { composedData } from '../../compose/compose.ts'
import type { AccountValues } from '../../fetch/account-values.ts'
import { maxKeptBytes } from '../../fetch/bound-values.ts'
import type { DesiredSecret } from '../../plan/desired-secret.ts'
import { originKey } from '../../plan/record.ts'
import {
  divideBySecret,
  type SecretData,
  type SecretPart,
  secretData,
} from '../../plan/secret-data.ts'
import type { SecretTurns } from '../../plan/secret-turn.ts'
import { heldObjects, syncedObjects } from '../../plan/synced-objects.ts'
import { secretValuesError, withObjects, withoutContent } from '../../plan/values-error.ts'
import type { FoundObjects } from '../result/round-result.ts'
import { findFailures, type Listing, listingOf } from './listing.ts'
import { isSkipped, presentPart } from './present-part.ts'
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
  turns,
  known,
  found,
  settle,
  tries,
}: RequestedValues & {
  readonly account: Account
  readonly budget: CpuBudget
  readonly turns: SecretTurns
  readonly known: ReadonlySet<string>
  readonly found: FoundSecrets
  readonly settle: Settle
  readonly tries: TryLimit
}): Promise<SettledRequest> {
  const active = request.secrets.filter(({ name }) => turns.get(name)?.kind !== 'rest')
  const steps: RoundStep[] = [
    ...objectFailures(active, { request, values }),
    ...findFailures(active, { request, values }),
  ]
  const incomplete = new Set<string>()
  const objects = new Map<string, readonly ObjectReference[] | undefined>()
  const partOf = divideBySecret({ config: request.config, content: values.refresh.content })
  for (const secret of active) {
    const { name } = secret
    const part = presentPart(secret, partOf(name), values)
    const isHeld = turns.get(name)?.kind === 'adopt'
    const attempt = isHeld ? unlimited : beginTry(secret, { account, part, values, tries })
    const listing = listingOf(name, { request, values })
    const desired = isHeld
      ? heldSecret(secret)
      : await desiredSecret(secret, { attempt, part, values, budget, listing })
    const step = known.has(name)
      ? namingObjects(await settle({ name, desired, found }), part)
      : undefined
    if (step !== undefined) endTry(attempt, step)
    if (step !== undefined) steps.push(withNothingFound(step, desired))
    objects.set(name, step && objectsAfter(step, desired))
    // A composed Secret isn't reduced: it waits for all of its objects, and this says for which.
    if (secret.composition) steps.push(...missingObjectFailures(desired, { part, values }))
    if (step?.stored !== undefined) continue
    // A Secret whose objects are all gone from the vault (`on-deleted: remove`, `deletionPolicy: Delete`), or that finds nothing,
    // doesn't count as missing.
    if (!isGone.has(desired.data.state)) incomplete.add(originKey(secret))
    if (!secret.composition) steps.push(...missingObjectFailures(desired, { part, values }))
  }
  return { steps, incomplete, objects }
}

const isGone: ReadonlySet<SecretData['state']> = new Set(['reduced', 'emptied', 'unfound'])

/** The Secret becomes or stays ours with the data that it has. */
const heldSecret = (secret: RequestedSecret): DesiredSecret => ({
  secret,
  data: { keys: new Map(), state: 'held' },
  objects: [],
})

/** The objects that a Secret holds. Undefined if it could not be read, or if a write may have succeeded without an answer. */
const objectsAfter = (
  { stored, error }: SettledStep,
  { objects }: DesiredSecret,
): readonly ObjectReference[] | undefined =>
  error?.code.startsWith('AKV_CLUSTER_') ? undefined : heldObjects(stored, objects)

const withNothingFound = (step: SettledStep, { data }: DesiredSecret): SettledStep => {
  if (step.state !== 'done') return step
  if (data.state === 'unfound') return { ...step, nothingFound: step.stored ? 'kept' : 'not made' }
  return data.state === 'emptied' && !step.stored ? { ...step, nothingFound: 'deleted' } : step
}

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

/** The objects of these Secrets that failed, whether they were requested in this round or wait for their next retry. */
function objectFailures(
  secrets: readonly RequestedSecret[],
  { request, values }: RequestedValues,
): readonly RoundStep[] {
  const byName = new Map(secrets.map((secret) => [secret.name, secret]))
  const errors = new Map<string, { readonly error: AkvError; readonly object: ObjectReference }>()
  for (const file of request.config.files)
    for (const { object, versions } of neededValues(file)) {
      const key = objectKey(object, { versions })
      const error = values.refresh.statuses.get(key)?.error
      const secret = byName.get(file.to.secret)
      if (error && secret && !isSkipped(secret, error)) errors.set(key, { error, object })
    }
  return [...errors].flatMap(([key, { error, object }]) =>
    failedStep(key, withoutContent(error, object)),
  )
}

/**
 * Why a Secret couldn't be created: the vault doesn't have its objects. With `on-deleted: remove` that isn't a failure of
 * the object itself, so {@link objectFailures} doesn't include it.
 */
function missingObjectFailures(
  { data }: DesiredSecret,
  { part, values }: { readonly part: SecretPart; readonly values: AccountValues },
): readonly RoundStep[] {
  if (data.state !== 'waiting' && data.state !== 'reduced') return []
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
  readonly attempt: Try
  readonly part: SecretPart
  readonly values: AccountValues
  readonly budget: CpuBudget
  readonly listing: Listing
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
  { attempt, part, values, budget, listing }: Making,
): Promise<SecretData> {
  const { removed, filled } = values
  const round = { ...part, removed, filled }
  const waiting: SecretData = { keys: new Map(), state: 'waiting' }
  if (!composition) return listing === 'never' ? waiting : secretData(name, round)
  if (attempt.kind === 'refused') return unmade(attempt.error)
  // The values aren't kept, and unlike those of other Secrets, they can't be read from the Secret.
  if (values.tooLarge.has(name)) return unmade(tooLarge(name))
  if (listing === 'never') return waiting
  if (part.config.files.length === 0 && composition.onGone !== undefined) {
    // A list that failed doesn't say that nothing is there.
    if (listing === 'failed') return waiting
    if (composition.onGone === 'Delete') return { keys: new Map(), state: 'emptied' }
  }
  return await composedData({ name, composition }, { ...round, budget })
}

const unmade = (error: AkvError): SecretData => ({ keys: new Map(), state: 'waiting', error })

const tooLarge = (name: string): AkvError =>
  secretValuesError(
    name,
    `Secret ${name}: with its values and those of older ExternalSecrets, its account would take more memory than the controller keeps for one account: ${maxKeptBytes / 1024 / 1024} MiB, or less if its namespace's share has less left; make it smaller, or read it as another account`,
  )

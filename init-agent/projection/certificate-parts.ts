import { collectionOf } from '../../keyvault/reference.ts'
import { AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import { notBefore } from './deadline.ts'
import {
  type FetchObjectsOptions,
  type FetchOutcome,
  type FetchOutcomes,
  fetchObjects,
} from './fetch-objects.ts'
import { retry } from './retry.ts'
import { objectKey, type WantedObject } from './wanted-objects.ts'

/** A refresh doesn't retry, but a rotation is over in moments. */
const leastPatienceMs = 3_000

/**
 * Fetches all objects so that those which are sides of one certificate (`secret/web` or `tls/web` beside `cert/web` and
 * `key/web`) are of the same version, even while it rotates: what one request finds may be older than what the next does.
 * Where they can't be had of one version they have failed, all of them.
 */
export async function fetchConsistently(options: FetchObjectsOptions): Promise<FetchOutcomes> {
  const outcomes = new Map(await fetchObjects(options))
  const groups = groupParts(options.objects).filter((sides) => isCertificate(sides, outcomes))
  const aligned = groups.map((sides) => align(sides, { ...options, outcomes }))
  for (const sides of await Promise.all(aligned))
    for (const [key, outcome] of sides) outcomes.set(key, outcome)
  return outcomes
}

/** Objects of one name whose newest versions are wanted, as far as there are several of a name. */
export function groupParts(objects: readonly WantedObject[]): readonly (readonly WantedObject[])[] {
  const unpinned = objects.filter(({ reference }) => reference.version === undefined)
  const nameOf = ({ reference }: WantedObject) =>
    `${reference.vault}:${reference.name.toLowerCase()}`
  return [...Map.groupBy(unpinned, nameOf).values()].filter(({ length }) => length > 1)
}

type Sides = readonly WantedObject[]
const keyOf = (object: WantedObject): string => objectKey(object.reference, object)

/** A secret and a key of one name may also have nothing to do with each other. */
function isCertificate(sides: Sides, outcomes: FetchOutcomes): boolean {
  return sides.some((side) => {
    const outcome = outcomes.get(keyOf(side))
    if (isCertificateObject(side)) return outcome?.kind !== 'absent'
    const [object] = outcome?.kind === 'fetched' ? outcome.found : []
    return object !== undefined && object.kind !== 'certificate' && object.isCertificate
  })
}

async function align(
  sides: Sides,
  options: FetchObjectsOptions & { readonly outcomes: FetchOutcomes },
): Promise<FetchOutcomes> {
  const { clock, signal, onRetry } = options
  const failed = sides.map((side) => outcomeOf(side, options)).find(({ kind }) => kind === 'failed')
  if (failed !== undefined) return new Map(sides.map((side) => [keyOf(side), failed]))
  let current: FetchOutcomes | undefined = options.outcomes
  try {
    return await retry(
      async () => {
        const outcomes = current ?? (await fetchObjects({ ...options, objects: sides }))
        current = undefined
        return atOneVersion(sides, { ...options, outcomes })
      },
      {
        clock,
        signal,
        deadline: notBefore(clock.now() + leastPatienceMs, options.deadline),
        onFailure: (error) => onRetry(sides[0]?.reference.vault ?? '', error),
      },
    )
  } catch (thrown) {
    const error = toAkvError(thrown)
    return new Map(sides.map((side) => [keyOf(side), { kind: 'failed', error }]))
  }
}

/**
 * The sides at the version of the certificate, which is complete as soon as it is there, or else of the secret: what is
 * of another one is fetched at that.
 *
 * @throws AkvError where one of them failed, or isn't there at that version yet
 */
async function atOneVersion(
  sides: Sides,
  options: FetchObjectsOptions & { readonly outcomes: FetchOutcomes },
): Promise<FetchOutcomes> {
  const outcomes = new Map(sides.map((side) => [keyOf(side), outcomeOf(side, options)]))
  for (const outcome of outcomes.values()) if (outcome.kind === 'failed') throw outcome.error
  const versionOf = (side: WantedObject) => {
    const outcome = outcomeOf(side, options)
    return outcome.kind === 'fetched' ? outcome.found[0].version : undefined
  }
  const version = [...sides.filter(isCertificateObject), ...sides]
    .map(versionOf)
    .find((one) => one !== undefined)
  if (version === undefined) return outcomes

  const others = sides.filter((side) => versionOf(side) !== version)
  const pinned = others.map((side) => ({
    ...side,
    isRequired: false,
    reference: { ...side.reference, version },
  }))
  const found = await fetchObjects({ ...options, objects: pinned })
  for (const side of others) {
    const again = found.get(objectKey({ ...side.reference, version }, side))
    if (again?.kind === 'failed') throw again.error
    if (again?.kind === 'fetched') outcomes.set(keyOf(side), again)
    // What was absent at its newest version may be absent at this one too.
    else if (versionOf(side) !== undefined) throw rotating(side)
  }
  return outcomes
}

export const isCertificateObject = ({ reference }: WantedObject): boolean =>
  collectionOf(reference) === 'certificates'

function outcomeOf(
  side: WantedObject,
  { outcomes }: { readonly outcomes: FetchOutcomes },
): FetchOutcome {
  const outcome = outcomes.get(keyOf(side))
  if (outcome === undefined) throw new TypeError('an object without an outcome')
  return outcome
}

const rotating = ({ reference: { vault, name } }: WantedObject): AkvError =>
  new AkvError({
    code: 'AKV_CERTIFICATE_ROTATING',
    message: `certificate ${vault}:${name}: its certificate, key and secret are of different versions`,
  })

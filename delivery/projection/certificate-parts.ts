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
import { objectKey, type WantedObject, wantedKey } from './wanted-objects.ts'

/** A refresh doesn't retry, but a rotation takes only a moment, so a refresh waits this long for it to finish. */
const minRotationWaitMs = 3_000

/**
 * Fetches all objects, with all parts of one certificate at the same version. The parts are its certificate, key and
 * secret, which share a name: `secret/web` or `tls/web`, `cert/web` and `key/web`. Fetched one by one during a
 * rotation, they could be of different versions. If not all parts are available at one version, all of them count as
 * failed.
 */
export async function fetchConsistently(options: FetchObjectsOptions): Promise<FetchOutcomes> {
  const outcomes = new Map(await fetchObjects(options))
  const groups = groupParts(options.objects).filter((parts) => isCertificate(parts, outcomes))
  const aligned = groups.map((parts) => alignVersions(parts, { ...options, outcomes }))
  for (const parts of await Promise.all(aligned))
    for (const [key, outcome] of parts) outcomes.set(key, outcome)
  return outcomes
}

/** Groups of two or more objects that have one name and no pinned version. */
export function groupParts(objects: readonly WantedObject[]): readonly (readonly WantedObject[])[] {
  const unpinned = objects.filter(({ reference }) => reference.version === undefined)
  const nameOf = ({ reference }: WantedObject) =>
    `${reference.vault}:${reference.name.toLowerCase()}`
  return [...Map.groupBy(unpinned, nameOf).values()].filter(({ length }) => length > 1)
}

/** Whether an object is the certificate itself, and not its key or secret. */
export const isCertificateObject = ({ reference }: WantedObject): boolean =>
  collectionOf(reference) === 'certificates'

type Parts = readonly WantedObject[]
type AlignOptions = FetchObjectsOptions & { readonly outcomes: FetchOutcomes }

/** Whether a group belongs to a certificate. A secret and a key can have one name without being related. */
function isCertificate(parts: Parts, outcomes: FetchOutcomes): boolean {
  return parts.some((part) => {
    const outcome = outcomes.get(wantedKey(part))
    if (isCertificateObject(part)) return outcome?.kind !== 'absent'
    const [object] = outcome?.kind === 'fetched' ? outcome.found : []
    return object !== undefined && object.kind !== 'certificate' && object.isCertificate
  })
}

/** Repeats the fetch until all parts are at one version. If one has failed already, all of them have. */
async function alignVersions(parts: Parts, options: AlignOptions): Promise<FetchOutcomes> {
  const { clock, signal, onRetry } = options
  const failed = parts.map((part) => outcomeOf(part, options)).find(({ kind }) => kind === 'failed')
  if (failed !== undefined) return new Map(parts.map((part) => [wantedKey(part), failed]))
  let firstOutcomes: FetchOutcomes | undefined = options.outcomes
  const attempt = async () => {
    const outcomes = firstOutcomes ?? (await fetchObjects({ ...options, objects: parts }))
    firstOutcomes = undefined
    return await fetchAtOneVersion(parts, { ...options, outcomes })
  }
  try {
    return await retry(attempt, {
      clock,
      signal,
      deadline: notBefore(clock.now() + minRotationWaitMs, options.deadline),
      onFailure: (error) => onRetry(parts[0]?.reference.vault ?? '', error),
    })
  } catch (thrown) {
    const error = toAkvError(thrown)
    return new Map(parts.map((part) => [wantedKey(part), { kind: 'failed', error }]))
  }
}

/**
 * All parts at one version: that of the certificate, because a certificate's version has all its parts as soon as it
 * exists; without a certificate object, that of the first part found. Parts found at another version are fetched at this.
 *
 * @throws AkvError if a part failed, or doesn't exist at that version yet
 */
async function fetchAtOneVersion(parts: Parts, options: AlignOptions): Promise<FetchOutcomes> {
  const outcomes = new Map(parts.map((part) => [wantedKey(part), outcomeOf(part, options)]))
  for (const outcome of outcomes.values()) if (outcome.kind === 'failed') throw outcome.error
  const versionOf = (part: WantedObject) => {
    const outcome = outcomeOf(part, options)
    return outcome.kind === 'fetched' ? outcome.found[0].version : undefined
  }
  const version = [...parts.filter(isCertificateObject), ...parts]
    .map(versionOf)
    .find((version) => version !== undefined)
  if (version === undefined) return outcomes

  const others = parts.filter((part) => versionOf(part) !== version)
  const pinned = others.map((part) => ({
    ...part,
    isRequired: false,
    reference: { ...part.reference, version },
  }))
  const found = await fetchObjects({ ...options, objects: pinned })
  for (const part of others) {
    const outcome = found.get(objectKey({ ...part.reference, version }, part))
    if (outcome?.kind === 'failed') throw outcome.error
    if (outcome?.kind === 'fetched') outcomes.set(wantedKey(part), outcome)
    // A part without any version may be absent at this one too.
    else if (versionOf(part) !== undefined) throw rotating(part)
  }
  return outcomes
}

function outcomeOf(part: WantedObject, { outcomes }: Pick<AlignOptions, 'outcomes'>): FetchOutcome {
  const outcome = outcomes.get(wantedKey(part))
  if (outcome === undefined) throw new TypeError('an object without an outcome')
  return outcome
}

const rotating = ({ reference: { vault, name } }: WantedObject): AkvError =>
  new AkvError(
    'AKV_CERTIFICATE_ROTATING',
    `certificate ${vault}:${name}: its certificate, key and secret are of different versions`,
  )

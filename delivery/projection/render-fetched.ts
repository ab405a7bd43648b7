import type { FetchedObject } from '../../keyvault/clients/object-client.ts'
import { describeObject } from '../../keyvault/reference.ts'
import { AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Wanted } from '../contract.ts'
import { neededValues } from '../needed-values.ts'
import type { FetchOutcomes, FoundVersions } from './fetch-objects.ts'
import { passwordCode } from './render/key-store-password.ts'
import { type Sources, sourcesOf } from './target-sources.ts'
import { objectKey } from './wanted-objects.ts'

export interface TargetProblem {
  /** The object's `objectKey`. */
  readonly key: string
  readonly error: AkvError
}

export type RenderedValue<T> =
  | { readonly kind: 'rendered'; readonly value: T; readonly sources: Sources }
  | { readonly kind: 'not-requested' }
  | { readonly kind: 'absent' | 'failed'; readonly problems: readonly TargetProblem[] }

/** What was fetched for a value: its object or history, and the password of its key store. */
interface FoundParts {
  readonly found: FoundVersions
  readonly password?: FoundVersions | undefined
}

/** Renders a value if everything that it is made of was fetched. */
export async function renderFetched<T>(
  wanted: Wanted,
  outcomes: FetchOutcomes,
  render: (parts: FoundParts) => Promise<T>,
): Promise<RenderedValue<T>> {
  const parts = neededValues(wanted).map((value) => {
    const key = objectKey(value.object, value)
    return { value, key, outcome: outcomes.get(key) }
  })
  const missing = parts.flatMap(({ key, outcome }) =>
    outcome === undefined || outcome.kind === 'fetched' ? [] : [{ ...outcome, key }],
  )
  if (missing.length > 0)
    return {
      kind: missing.some(({ kind }) => kind === 'failed') ? 'failed' : 'absent',
      problems: missing.map(({ key, error }) => ({ key, error })),
    }
  const fetched = parts.flatMap(({ value, outcome }) =>
    outcome?.kind === 'fetched' ? [{ value, found: outcome.found }] : [],
  )
  const [own, password] = fetched
  if (own === undefined || fetched.length < parts.length) return { kind: 'not-requested' }
  const key = objectKey(wanted.object, wanted)
  if (wanted.excludesCertificates === true && own.found.some(isOfCertificate))
    return { kind: 'absent', problems: [{ key, error: ofCertificate(wanted) }] }
  try {
    const value = await render({ found: own.found, password: password?.found })
    const sources = new Map(fetched.flatMap((part) => [...sourcesOf(part.value, part.found)]))
    return { kind: 'rendered', value, sources }
  } catch (thrown) {
    const error = toAkvError(thrown)
    // "?" makes the property optional too, not only its object.
    const isAbsent = wanted.optional === true && error.code === 'AKV_PROPERTY_ABSENT'
    const isOfPassword = error.code === passwordCode && wanted.password !== undefined
    const failedKey = isOfPassword ? objectKey(wanted.password) : key
    return { kind: isAbsent ? 'absent' : 'failed', problems: [{ key: failedKey, error }] }
  }
}

/** A secret may have become a certificate's after it was listed, or while it is kept. */
const isOfCertificate = (object: FetchedObject): boolean =>
  object.kind === 'secret' && object.isCertificate

const ofCertificate = ({ object }: Wanted): AkvError =>
  new AkvError(
    'AKV_OBJECT_NOT_FOUND',
    `${describeObject(object)}: it belongs to a certificate now, and the find leaves those out; add [certificates] to the find, or rename the certificate`,
  )

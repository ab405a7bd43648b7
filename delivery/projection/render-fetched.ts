import type { FetchedObject } from '../../keyvault/clients/object-client.ts'
import { describeObject } from '../../keyvault/reference.ts'
import { AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Wanted } from '../contract.ts'
import { neededValues } from '../needed-values.ts'
import type { FetchOutcomes, FoundVersions } from './fetch-objects.ts'
import { passwordCode } from './render/key-store-password.ts'
import { type Sources, sourcesOf } from './target-sources.ts'
import { neededObjectKeys } from './wanted-objects.ts'

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
  const keys = neededObjectKeys(wanted)
  const answers = keys.map((key) => outcomes.get(key))
  const problems = answers.flatMap((answer, i): TargetProblem[] =>
    answer === undefined || answer.kind === 'fetched'
      ? []
      : [{ key: keys[i] ?? '', error: answer.error }],
  )
  if (problems.length > 0)
    return {
      kind: answers.some((answer) => answer?.kind === 'failed') ? 'failed' : 'absent',
      problems,
    }
  const [found, password] = answers.map((answer) =>
    answer?.kind === 'fetched' ? answer.found : undefined,
  )
  if (found === undefined || (password === undefined && keys.length > 1))
    return { kind: 'not-requested' }
  if (wanted.excludesCertificates === true && found.some(isOfCertificate))
    return { kind: 'absent', problems: [{ key: keys[0] ?? '', error: ofCertificate(wanted) }] }
  try {
    const value = await render({ found, password })
    const sources = neededValues(wanted).map((value, i) =>
      sourcesOf(value, i === 0 ? found : (password ?? found)),
    )
    return { kind: 'rendered', value, sources: new Map(sources.flatMap((some) => [...some])) }
  } catch (thrown) {
    const error = toAkvError(thrown)
    // "?" makes the property optional too, not only its object.
    const isAbsent = wanted.optional === true && error.code === 'AKV_PROPERTY_ABSENT'
    const key = keys[error.code === passwordCode ? 1 : 0] ?? ''
    return { kind: isAbsent ? 'absent' : 'failed', problems: [{ key, error }] }
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

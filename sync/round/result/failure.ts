import { AkvError } from '../../../lib/errors/akv-error.ts'
import type { SourceMistake } from '../../../requests/account/account-request.ts'
import { sourceKey } from '../../../requests/secret/source-ref.ts'

/** A failure in a round, and what it affects. */
export type Failure =
  /** Something that all Secrets of the account need. */
  | { readonly kind: 'account'; readonly error: AkvError }
  /** Mistakes in the account's annotations. */
  | { readonly kind: 'annotations'; readonly error: AkvError }
  /** One vault object. `key`: its `objectKey` */
  | { readonly kind: 'object'; readonly key: string; readonly error: AkvError }
  /** Mistakes of a source. `key`: its `sourceKey` */
  | { readonly kind: 'source'; readonly key: string; readonly error: AkvError }
  | { readonly kind: 'secret'; readonly name: string; readonly error: AkvError }

/** Identifies what failed. Equal texts mean that the same subject failed again, perhaps with another error. */
export function failureSubject(failure: Failure): string {
  switch (failure.kind) {
    case 'account':
      return 'account'
    case 'annotations':
      // A different mistake is a new failure, although its code is the same.
      return `annotations: ${failure.error.message}`
    case 'source':
      return `source ${failure.key}: ${failure.error.message}`
    case 'object':
      return `object ${failure.key}`
    case 'secret':
      return `Secret ${failure.name}`
    default:
      return failure satisfies never
  }
}

/** The failure of a source, or of the account's annotation, that has a mistake. */
export function mistakeFailure({ source, code, message }: SourceMistake): Failure {
  const error = new AkvError(code, message)
  return source === undefined
    ? { kind: 'annotations', error }
    : { kind: 'source', key: sourceKey(source), error }
}

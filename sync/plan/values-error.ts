import { describeObject, type ObjectReference } from '../../keyvault/reference.ts'
import { AkvError, type AkvErrorCode } from '../../lib/errors/akv-error.ts'
import { listNames } from '../../lib/list-names.ts'

/**
 * The errors that the content of a value decides. Whoever reads a status or an Event may have chosen the question, such as a
 * template, and may not be allowed to read the value. So these sentences are the same whatever the value is
 * (ARCHITECTURE.md, "Controllers"). `detail` is for the log of administrators.
 */
export const secretValuesError = (name: string, detail?: string): AkvError =>
  valuesError(`Secret ${name}: its keys can't be made of the values in the vault`, detail)

/** Adds the objects whose values a Secret is made of, which its manifest says. */
export function withObjects(error: AkvError, references: readonly ObjectReference[]): AkvError {
  const names = [...new Set(references.map(describeObject))]
  if (error.code !== 'AKV_SYNC_VALUES' || names.length === 0) return error
  return valuesError(`${error.message}: ${listNames(names)}`, error.detail)
}

/** Replaces an error that a value has decided. Other errors of an object, such as a missing permission, stay as they are. */
export function withoutContent(error: AkvError, reference: ObjectReference): AkvError {
  return decidedByContent.has(error.code)
    ? valuesError(
        `${describeObject(reference)}: its value doesn't fit what is requested`,
        error.message,
      )
    : error
}

const decidedByContent: ReadonlySet<AkvErrorCode> = new Set([
  'AKV_CERTIFICATE',
  'AKV_ENCODING',
  'AKV_KEY_NOT_EXPORTABLE',
  'AKV_KEY_STORE_PASSWORD',
  'AKV_PROPERTY',
  'AKV_PROPERTY_ABSENT',
])

const valuesError = (message: string, detail?: string): AkvError =>
  new AkvError('AKV_SYNC_VALUES', message, { detail })

/** Secrets in the data file. */

import { maxValueBytes, type SecretData, type SecretValue } from './data.ts'
import { type ObjectFormat, versionFields } from './read-object.ts'
import {
  andThen,
  optional,
  type Read,
  type Result,
  record,
  text,
  wholeNumber,
  wrongKind,
} from './read-value.ts'

/** A secret's value. It never repeats what it found: that may be meant as one. */
export const readSecretValue: Read<string> = (found, at) => {
  if (typeof found !== 'string') return wrongKind(at, found, 'a text')
  return Buffer.byteLength(found) <= maxValueBytes
    ? { value: found }
    : { problems: [`${at}: longer than Key Vault takes; accepted: up to 25 KiB`] }
}

const fields = {
  ...versionFields,
  value: optional(readSecretValue),
  generate: optional(wholeNumber(1, maxValueBytes)),
  contentType: optional(text('a text')),
}
const readFields = record(fields)
type Fields = Extract<ReturnType<typeof readFields>, { value: unknown }>['value']

/** A secret is its value, or a mapping with `value` or `generate`. */
export const secretFormat: ObjectFormat<SecretData> = {
  kind: 'secret',
  fields,
  readVersion: () => andThen(readFields, toVersion),
  readShort: andThen(readSecretValue, (value) => ({ value: { value, enabled: true } })),
}

function toVersion({ value, generate, ...rest }: Fields, at: string): Result<SecretData> {
  const [given, ...more] = [value, generate === undefined ? undefined : { generate }].filter(
    (one): one is SecretValue => one !== undefined,
  )
  return given === undefined || more.length > 0
    ? { problems: [`${at}: accepted: either "value" or "generate", exactly one of them`] }
    : { value: { ...rest, value: given } }
}

import { maxValueBytes } from '../material/specs.ts'
import { maybe, secretText, validText, wholeNumber } from '../schema/schema-parts.ts'
import type { EmulatedSecret } from './data.ts'
import { type Fields, objectsOf, type ReportProblem, versionShape } from './object-schema.ts'

export const secretValue = secretText('a string').refine(
  (value) => Buffer.byteLength(value) <= maxValueBytes,
  { error: 'longer than Key Vault allows; accepted: up to 25 KiB' },
)

const shape = {
  ...versionShape,
  value: maybe(secretValue),
  generate: maybe(wholeNumber(1, maxValueBytes)),
  contentType: maybe(validText('a string')),
}

/** Secrets in the vault file: the bare value, or a mapping with `value` or `generate`. */
export const secretsSchema = objectsOf({
  kind: 'secret',
  shape,
  toVersion,
  complete: (version) => version,
  short: secretValue.transform((value): EmulatedSecret => ({ value, enabled: true })),
})

function toVersion(
  { value, generate, enabled = true, ...rest }: Fields<typeof shape>,
  report: ReportProblem,
): EmulatedSecret | undefined {
  if ((value === undefined) === (generate === undefined)) {
    report('accepted: exactly one of "value" and "generate"')
    return undefined
  }
  return { ...rest, enabled, value: value ?? { generate: generate ?? 1 } }
}

import type { Manifest } from '../rendered.ts'

/**
 * Checks that an object has no field but these. The evaluation in this folder ignores other fields, so it could be wrong about
 * an object that has one.
 *
 * @throws Error that names the other fields
 */
export function assertKnownFields(object: Manifest, fields: readonly string[]): void {
  const others = Object.keys(object).filter((field) => !fields.includes(field))
  if (others.length > 0)
    throw new Error(`the tests don't know what this means: ${others.join()} in ${fields.join()}`)
}

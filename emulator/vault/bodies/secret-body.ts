import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { isObject } from '../../../lib/shape.ts'
import { maxValueBytes } from '../../material/specs.ts'
import type { VersionChange } from '../store/stored-object.ts'

interface SecretBody {
  readonly value: string | undefined
  readonly change: VersionChange
}

/** Reads the body of a request that sets or updates an object. Ignores unknown properties, like the service. */
export function readSecretBody(text: string): Parsed<SecretBody> {
  const body = parseBody(text)
  if (body === undefined) return invalid('Request body not specified')
  const { value } = body
  if (
    value !== undefined &&
    (typeof value !== 'string' || Buffer.byteLength(value) > maxValueBytes)
  )
    return invalid(`The value must be a string of at most ${maxValueBytes} bytes.`)
  return valid({
    value: typeof value === 'string' ? value : undefined,
    change: changeIn(body),
  })
}

/** Parses a body. Gives undefined if it isn't a JSON object. */
export function parseBody(text: string): Record<string, unknown> | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return isObject(body) ? body : undefined
  } catch {
    return undefined
  }
}

/** The properties of a version in a body, for objects of all kinds. */
export function changeIn({
  contentType,
  tags,
  attributes,
}: Record<string, unknown>): VersionChange {
  const { enabled, nbf, exp } = isObject(attributes) ? attributes : {}
  return {
    ...(typeof contentType === 'string' ? { contentType } : {}),
    ...(isObject(tags) ? { tags: textsOf(tags) } : {}),
    ...(typeof enabled === 'boolean' ? { enabled } : {}),
    ...(isTime(nbf) ? { notBefore: new Date(nbf * 1000) } : {}),
    ...(isTime(exp) ? { expires: new Date(exp * 1000) } : {}),
  }
}

const textsOf = (tags: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, String(value)]))

/** Whether this is a number of seconds that fits into a Date. */
const isTime = (found: unknown): found is number =>
  typeof found === 'number' && Math.abs(found) <= 8.64e12

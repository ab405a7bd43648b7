/** The body of a request that sets or updates a secret. */

import { maxValueBytes } from './data.ts'
import { isMapping } from './read-value.ts'
import type { VersionChange } from './vault-store.ts'

export type SecretBody =
  | { readonly value: string | undefined; readonly change: VersionChange }
  | { readonly problem: string }

/** Lenient as the service is: what it doesn't know it passes over. */
export function readSecretBody(text: string): SecretBody {
  const body = parse(text)
  if (!isMapping(body)) return { problem: 'Request body not specified' }
  const { value, contentType, tags } = body
  const attributes = isMapping(body['attributes']) ? body['attributes'] : {}
  const { enabled, nbf, exp } = attributes
  if (
    value !== undefined &&
    (typeof value !== 'string' || Buffer.byteLength(value) > maxValueBytes)
  )
    return { problem: `The value must be a string of at most ${maxValueBytes} bytes.` }
  return {
    value: typeof value === 'string' ? value : undefined,
    change: {
      ...(typeof contentType === 'string' ? { contentType } : {}),
      ...(isMapping(tags) ? { tags: textsOf(tags) } : {}),
      ...(typeof enabled === 'boolean' ? { enabled } : {}),
      ...(isTime(nbf) ? { notBefore: new Date(nbf * 1000) } : {}),
      ...(isTime(exp) ? { expires: new Date(exp * 1000) } : {}),
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const textsOf = (tags: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, String(value)]))

/** Seconds, within what a Date can hold. */
const isTime = (found: unknown): found is number =>
  typeof found === 'number' && Math.abs(found) <= 8.64e12

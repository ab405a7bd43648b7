import type { WantedValue } from '../../../delivery/contract.ts'

/** What a pod reads of one secret. */
type Use = Pick<WantedValue, 'property' | 'encoding'>

/** A longer path gets one key that contains its dots, which the agent tries as well. */
const maxDepth = 16

/**
 * Makes up the value of a secret that a pod can read: a JSON object if the pod selects properties of it, and the base64 or
 * hex of a text if the pod decodes it. Every text in it says that it is made up.
 *
 * @param revision - tells the value from those of the secret's other versions
 */
export function makeValue(
  name: string,
  { uses, revision }: { readonly uses: readonly Use[]; readonly revision: number | 'new' },
): string {
  const text = `made-up-${name}-${revision}`
  const selected = uses.filter(({ property }) => property !== undefined)
  if (selected.length === 0) return encode(text, uses)
  const root: Json = Object.create(null)
  for (const use of selected)
    if (use.property === '*') root['made-up'] ??= text
    else if (use.property !== undefined) place(root, use.property, encode(text, [use]))
  return JSON.stringify(root)
}

/** Without a prototype, so that `__proto__` is a key like any other. */
interface Json {
  [key: string]: string | Json
}

function encode(text: string, uses: readonly Use[]): string {
  const encoding = uses.find((use) => use.encoding !== undefined)?.encoding
  return encoding === undefined ? text : Buffer.from(text).toString(encoding)
}

function place(root: Json, property: string, value: string): void {
  const keys = property.split('.', maxDepth + 1)
  const path = keys.length > maxDepth || keys.includes('') ? [property] : keys
  let at = root
  for (const key of path.slice(0, -1)) {
    const earlier = at[key]
    const next = typeof earlier === 'object' ? earlier : (Object.create(null) as Json)
    at[key] = next
    at = next
  }
  const last = path.at(-1) ?? property
  // A longer property may have made this one an object, or the same property may be decoded elsewhere.
  if (typeof at[last] !== 'object') at[last] = value
}

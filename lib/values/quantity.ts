import { printable } from '../printable.ts'
import { invalid, type Parsed, valid } from '../problems/parsed.ts'

/** Amounts by resource name, as Kubernetes writes quantities: `{ cpu: '10m', memory: '16Mi' }`. */
export type Amounts = Readonly<Record<string, string>>

/** The resources that the agent may be given. */
export const resourceNames: readonly string[] = ['cpu', 'memory', 'ephemeral-storage']

// Runs in linear time: no two parts of it can match the same digit.
const pattern = /^(\d+(?:\.\d*)?|\.\d+)(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?\d{1,2}))?$/
/** Kubernetes never writes an amount that long. */
const maxLength = 32
const scales: Readonly<Record<string, number>> = {
  ...Object.fromEntries([...'KMGTPE'].map((letter, i) => [`${letter}i`, 1024 ** (i + 1)])),
  ...Object.fromEntries([...'kMGTPE'].map((letter, i) => [letter, 1000 ** (i + 1)])),
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
}

/** The number that a Kubernetes quantity stands for (`250m` is 0.25, `1Ki` 1024). Undefined if it isn't a quantity, or is negative. */
export function parseQuantity(quantity: string | number): number | undefined {
  const text = String(quantity)
  if (text.length > maxLength) return undefined
  const [match, digits, suffix, exponent] = pattern.exec(text) ?? []
  if (match === undefined) return undefined
  const scale = suffix === undefined ? 10 ** Number(exponent ?? 0) : (scales[suffix] ?? 1)
  return Number(digits) * scale
}

/** True when both are the same amount, however written: `0.5` and `500m`. */
export function isSameQuantity(a: string | number, b: string | number): boolean {
  const [x, y] = [parseQuantity(a), parseQuantity(b)]
  return x !== undefined && y !== undefined && Math.abs(x - y) <= 1e-9 * Math.max(x, y)
}

/** The resources of which more is requested than the limit allows. The API server refuses such a container. */
export const resourcesAbove = (requests: Amounts, limits: Amounts): readonly string[] =>
  Object.entries(requests).flatMap(([resource, request]) => {
    const limit = limits[resource]
    return limit !== undefined && (parseQuantity(request) ?? 0) > (parseQuantity(limit) ?? 0)
      ? [resource]
      : []
  })

/** Reads `cpu=10m,memory=16Mi`; empty means none. */
export function parseAmounts(list: string): Parsed<Amounts> {
  const amounts: Record<string, string> = {}
  const entries = list.split(',', maxAmounts + 1)
  if (entries.length > maxAmounts) return invalid(`expected ${accepted}`)
  for (const entry of entries) {
    const [resource = '', quantity, ...more] = entry.split('=').map((part) => part.trim())
    if (resource === '' && quantity === undefined) continue
    if (!resourceNames.includes(resource) || quantity === undefined || more.length > 0)
      return invalid(`"${printable(entry)}": expected ${accepted}`)
    if (Object.hasOwn(amounts, resource)) return invalid(`${resource} is given twice`)
    if (parseQuantity(quantity) === undefined)
      return invalid(`"${printable(quantity)}" isn't a valid quantity: expected ${accepted}`)
    amounts[resource] = quantity
  }
  return valid(amounts)
}

/** Leaves room for empty entries. */
const maxAmounts = 16
const accepted = `a list such as "cpu=10m,memory=16Mi" (of ${resourceNames.join(', ')}), or nothing for none`

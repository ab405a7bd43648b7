import { isObject } from '../../../lib/shape.ts'

/**
 * The API server's defaults. It adds them to what the chart leaves out
 * (https://kubernetes.io/docs/reference/kubernetes-api/), so a member that has its default says no more than one that is
 * absent.
 */
const defaults: Readonly<Record<string, unknown>> = {
  failurePolicy: 'Fail',
  matchPolicy: 'Equivalent',
  protocol: 'TCP',
  reinvocationPolicy: 'Never',
  scope: '*',
  timeoutSeconds: 10,
  type: 'ClusterIP',
}

/** The API server or a controller chooses these. */
const chosen = new Set(['nodePort'])

/**
 * A value in a form in which two of them are equal if they mean the same to the API server: without defaults and empty
 * objects and lists, and with sorted lists, because none of the compared lists has an order that matters. A label may have an
 * empty value. Undefined if nothing is left.
 */
export function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    const texts = value.map((element) => JSON.stringify(canonical(element) ?? null))
    return texts.length === 0 ? undefined : [...new Set(texts)].toSorted().map(parse)
  }
  if (!isObject(value)) return value ?? undefined
  const members = Object.entries(value)
    .filter(([key, member]) => !chosen.has(key) && defaults[key] !== member)
    .map(([key, member]) => [key, canonical(member)] as const)
    .filter(([, member]) => member !== undefined)
  return members.length === 0
    ? undefined
    : Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const parse = (text: string): unknown => JSON.parse(text)

/** Whether both mean the same to the API server. */
export const meansTheSame = (a: unknown, b: unknown): boolean =>
  JSON.stringify(canonical(a)) === JSON.stringify(canonical(b))

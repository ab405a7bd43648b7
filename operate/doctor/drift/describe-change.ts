import { listNames } from '../../../lib/list-names.ts'
import { printable } from '../../../lib/printable.ts'
import { isObject } from '../../../lib/shape.ts'
import { canonical } from './canonical.ts'

const maxShown = 3
const maxLength = 200

/** Describes how a value differs from another: `Ignore instead of Fail`, or which parts were added and removed. */
export function describeChange({
  found,
  wanted,
}: {
  readonly found: unknown
  readonly wanted: unknown
}): string {
  if (isPlain(found) && isPlain(wanted)) return `${textOf(found)} instead of ${textOf(wanted)}`
  const [isNow, was] = [partsOf(canonical(found)), partsOf(canonical(wanted))]
  const only = (parts: readonly string[], others: readonly string[]) =>
    listNames(
      parts.filter((part) => !others.includes(part)),
      maxShown,
    )
  const [added, removed] = [only(isNow, was), only(was, isNow)]
  return [
    ...(added === '' ? [] : [`added ${added}`]),
    ...(removed === '' ? [] : [`removed ${removed}`]),
  ].join('; ')
}

const isPlain = (value: unknown): boolean => typeof value !== 'object'

const textOf = (value: unknown): string =>
  printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing'), maxLength)

/** The elements of lists and the members of objects, each as a text that says where it is. */
function partsOf(value: unknown): readonly string[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value.map(textOf)
  if (!isObject(value)) return [textOf(value)]
  return Object.entries(value).flatMap(([key, member]) =>
    partsOf(member).map((part) => `${key}: ${part}`),
  )
}

import { TemplateError } from './template.ts'

/** A value while a template runs. Strings are byte strings. Numbers, null, lists and objects come from `fromJson`. */
export type Value = string | boolean | number | null | readonly Value[] | ValueMap

interface ValueMap {
  /** `data`: the keys and values of the Secret; `json`: a JSON object. Go has different types for them. */
  readonly kind: 'data' | 'json'
  readonly entries: ReadonlyMap<string, Value>
}

export const isMap = (value: Value): value is ValueMap =>
  typeof value === 'object' && value !== null && 'entries' in value && 'kind' in value

/** Whether `if` and `default` treat the value as absent: false, 0, null, or anything empty. */
export function isEmpty(value: Value): boolean {
  if (isMap(value)) return value.entries.size === 0
  if (typeof value === 'string' || isList(value)) return value.length === 0
  return !value
}

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

/** The name of a value's type in Go. */
export function typeName(value: Value): string {
  if (value === null) return '<nil>'
  if (isMap(value)) return value.kind === 'data' ? 'map[string]string' : 'map[string]interface {}'
  if (isList(value)) return '[]interface {}'
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    default:
      return 'float64'
  }
}

/** What a message calls a value. */
export function describeType(value: Value): string {
  if (value === null) return 'null'
  if (isMap(value)) return value.kind === 'data' ? 'all keys and values' : 'a JSON object'
  if (isList(value)) return 'a JSON list'
  return { string: 'a string', boolean: 'a boolean', number: 'a number' }[
    typeof value as 'string' | 'boolean' | 'number'
  ]
}

/** The entries of a map, sorted by their keys as Go prints them. Byte strings sort by their bytes. */
export const sortedEntries = ({ entries }: ValueMap): readonly (readonly [string, Value])[] =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : 1))

/** Compares two values as Go's `eq` does. Throws TemplateError for values that it can't compare. */
export function areEqual(a: Value, b: Value): boolean {
  if (a === null || b === null) return a === b
  if (typeof a === 'object' || typeof b === 'object' || typeof a !== typeof b)
    throw new TemplateError(
      `can't compare ${describeType(a)} with ${describeType(b)}; eq and ne compare two strings, two numbers, or two booleans`,
    )
  return a === b
}

/** Reads plain values of YAML. Knows nothing of the program: its mistakes must not be shared. */

export type Fields = Readonly<Record<string, unknown>>

/** The members of a mapping. Empty if the value is something else. */
export const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {}

export const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The text of a scalar. Empty if there is none. */
export const text = (value: unknown): string =>
  value === undefined || value === null ? '' : String(value)

/** The value at a path of members. */
export const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => fields(inner)[key], value)

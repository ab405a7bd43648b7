/**
 * Checks plain data from outside: configurations, reviews, pods. Pure. Checking a valid value costs no more than
 * visiting the members that are checked.
 */

/**
 * Returns the path to the first wrong member of a value, such as `.env[2].name`, or undefined if the value is valid.
 */
export type Check = (value: unknown) => string | undefined

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A part of a value that nobody has checked. Undefined if it doesn't have the part. */
export const valueAt = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Readonly<Record<string | number, unknown>>)[key]
        : undefined,
    value,
  )

/** An object in such a value. Empty if there isn't one. */
export function objectAt(value: unknown, ...path: readonly (string | number)[]): JsonObject {
  const found = valueAt(value, ...path)
  return isObject(found) ? found : {}
}

/** A value that the predicate accepts. */
export const checkThat =
  (accepts: (value: unknown) => boolean): Check =>
  (value) =>
    accepts(value) ? undefined : ''

/** A string that the predicate accepts. */
export const string = (accepts: (value: string) => boolean = () => true): Check =>
  checkThat((value) => typeof value === 'string' && accepts(value))

export const oneOf = (choices: readonly unknown[]): Check =>
  checkThat((value) => choices.includes(value))

/** Absent, `null`, or accepted by `inner`: for JSON from Go programs, which may write `null` for an absent member. */
export const nullable =
  (inner: Check): Check =>
  (value) =>
    value === undefined || value === null ? undefined : inner(value)

/** Absent, or accepted by `inner`: for JSON that we wrote, in which a `null` can only be a mistake. */
export const optional =
  (inner: Check): Check =>
  (value) =>
    value === undefined ? undefined : inner(value)

export const listOf =
  (item: Check): Check =>
  (value) => {
    if (!Array.isArray(value)) return ''
    for (let i = 0; i < value.length; i++) {
      const wrong = item(value[i])
      if (wrong !== undefined) return `[${i}]${wrong}`
    }
    return undefined
  }

/** An object with members of any name, each of which `member` accepts. */
export const mapOf =
  (member: Check): Check =>
  (value) => {
    if (!isObject(value)) return ''
    for (const name of Object.keys(value)) {
      const wrong = member(value[name])
      if (wrong !== undefined) return `.${name}${wrong}`
    }
    return undefined
  }

/** An object with these members. Further members are not checked. */
export const object = (members: Readonly<Record<string, Check>>): Check => {
  const checks = Object.entries(members)
  return (value) => {
    if (!isObject(value)) return ''
    for (const [name, member] of checks) {
      const wrong = member(value[name])
      if (wrong !== undefined) return `.${name}${wrong}`
    }
    return undefined
  }
}

type Present<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> }

/** Leaves out the members that are undefined. */
export const withoutAbsent = <T extends object>(values: T): Present<T> =>
  Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Present<T>

/**
 * Checks plain data from outside: configurations, reviews, pods. Pure. Checking a valid value costs no more than
 * visiting the members that are checked.
 */

/**
 * Returns the path to the first wrong member of a value, such as `.env[2].name`, or undefined if the value is a T.
 */
export interface Check<T> {
  (value: unknown): string | undefined
  /** For the compiler: the type of the values that the check accepts. No check has this member. */
  readonly [accepts]?: T
}
declare const accepts: unique symbol

/** The type of the values that a check accepts. */
export type Accepted<C> = C extends Check<infer T> ? T : never

/** Whether the check accepts the value. */
export const matches = <T>(check: Check<T>, value: unknown): value is T =>
  check(value) === undefined

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

/** The objects in a list at this path. Empty if there is none. */
export function objectsAt(
  value: unknown,
  ...path: readonly (string | number)[]
): readonly JsonObject[] {
  const list = valueAt(value, ...path)
  return Array.isArray(list) ? list.filter(isObject) : []
}

/**
 * A value as text. Empty for lists, mappings and `null`: a mapping that has `toString` can't be converted, and anybody
 * may write one.
 */
export const scalarText = (value: unknown): string =>
  typeof value === 'object' ? '' : String(value)

export const anything: Check<unknown> = () => undefined

/** A value that the predicate accepts. */
export const checkThat =
  <T>(accepts: (value: unknown) => value is T): Check<T> =>
  (value) =>
    accepts(value) ? undefined : ''

/** A string that the predicate accepts. */
export const string = (accepts: (value: string) => boolean = () => true): Check<string> =>
  checkThat((value): value is string => typeof value === 'string' && accepts(value))

/** A number that the predicate accepts. */
export const number = (accepts: (value: number) => boolean = () => true): Check<number> =>
  checkThat((value): value is number => typeof value === 'number' && accepts(value))

export const oneOf = <const T>(choices: readonly T[]): Check<T> =>
  checkThat((value): value is T => (choices as readonly unknown[]).includes(value))

/** Absent, `null`, or accepted by `inner`: for JSON from Go programs, which may write `null` for an absent member. */
export const nullable =
  <T>(inner: Check<T>): Check<T | null | undefined> =>
  (value) =>
    value === undefined || value === null ? undefined : inner(value)

/** Absent, or accepted by `inner`: for JSON that we wrote, in which a `null` can only be a mistake. */
export const optional =
  <T>(inner: Check<T>): Check<T | undefined> =>
  (value) =>
    value === undefined ? undefined : inner(value)

export const listOf =
  <T>(item: Check<T>): Check<readonly T[]> =>
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
  <T>(member: Check<T>): Check<Readonly<Record<string, T>>> =>
  (value) => {
    if (!isObject(value)) return ''
    for (const name of Object.keys(value)) {
      const wrong = member(value[name])
      if (wrong !== undefined) return `.${name}${wrong}`
    }
    return undefined
  }

type Members = Readonly<Record<string, Check<unknown>>>

/** The members that may be absent, whose checks accept undefined. */
type OptionalName<M extends Members> = {
  [Name in keyof M]: undefined extends Accepted<M[Name]> ? Name : never
}[keyof M]
type ObjectOf<M extends Members> = {
  readonly [Name in Exclude<keyof M, OptionalName<M>>]: Accepted<M[Name]>
} & { readonly [Name in OptionalName<M>]?: Exclude<Accepted<M[Name]>, undefined> }

/** An object with these members. Further members are not checked. */
export const object = <M extends Members>(members: M): Check<ObjectOf<M>> => {
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

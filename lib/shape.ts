/**
 * Checks plain data that comes from outside: configurations, reviews, pods. Pure. A value that passes costs no more than
 * a walk over the members that are checked.
 */

/** Takes a value, and gives the path to its first wrong member, such as `.env[2].name`; undefined if all are right. */
export type Check = (value: unknown) => string | undefined

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A value that the predicate accepts. */
export const check =
  (accepts: (value: unknown) => boolean): Check =>
  (value) =>
    accepts(value) ? undefined : ''

/** A string that the predicate accepts. */
export const string = (accepts: (value: string) => boolean = () => true): Check =>
  check((value) => typeof value === 'string' && accepts(value))

export const oneOf = (choices: readonly unknown[]): Check =>
  check((value) => choices.includes(value))

/** Absent, or `null`, or what `inner` accepts: for JSON from Go programs, which write an absent member as `null`, too. */
export const nullable =
  (inner: Check): Check =>
  (value) =>
    value === undefined || value === null ? undefined : inner(value)

/** Absent, or what `inner` accepts: for JSON that we wrote, in which a `null` can only be a mistake. */
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

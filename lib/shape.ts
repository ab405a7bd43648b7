/** Checks of plain data that comes from outside: configurations, reviews, pods. Pure, and quick on what is right. */

/** Undefined when the value is right, else the path to the first wrong member: `.env[2].name`. */
export type Check = (value: unknown) => string | undefined

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A leaf: right when the predicate holds. */
export const that =
  (holds: (value: unknown) => boolean): Check =>
  (value) =>
    holds(value) ? undefined : ''

/** A text for which the predicate holds. */
export const text = (holds: (text: string) => boolean = () => true): Check =>
  that((value) => typeof value === 'string' && holds(value))

export const oneOf = (choices: readonly unknown[]): Check =>
  that((value) => choices.includes(value))

/** Absent is right too, and so is `null`, which JSON writers in Go mean the same by. */
export const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || value === null ? undefined : check(value)

/** Absent, or right: for JSON that we wrote ourselves, where `null` would be somebody else's. */
export const absentOr =
  (check: Check): Check =>
  (value) =>
    value === undefined ? undefined : check(value)

export const listOf =
  (check: Check): Check =>
  (value) => {
    if (!Array.isArray(value)) return ''
    for (let i = 0; i < value.length; i++) {
      const wrong = check(value[i])
      if (wrong !== undefined) return `[${i}]${wrong}`
    }
    return undefined
  }

/** An object whose values are all right, whatever their names. */
export const mapOf =
  (check: Check): Check =>
  (value) => {
    if (!isObject(value)) return ''
    for (const name of Object.keys(value)) {
      const wrong = check(value[name])
      if (wrong !== undefined) return `.${name}${wrong}`
    }
    return undefined
  }

/** An object with these members; others are nobody's business. */
export const shape = (members: Readonly<Record<string, Check>>): Check => {
  const checks = Object.entries(members)
  return (value) => {
    if (!isObject(value)) return ''
    for (const [name, check] of checks) {
      const wrong = check(value[name])
      if (wrong !== undefined) return `.${name}${wrong}`
    }
    return undefined
  }
}

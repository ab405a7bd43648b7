/** Reads what came from outside (YAML, JSON) into typed values, and reports everything that is wrong with it together. */

import leven from 'leven'

export type Result<T> = { readonly value: T } | { readonly problems: readonly string[] }

/** `at` is the path to what was found, for people: `vaults.team-a.readers`. */
export type Read<T> = (found: unknown, at: string) => Result<T>

type ReadBy<R> = R extends Read<infer T> ? T : never

export const isMapping = (found: unknown): found is Record<string, unknown> =>
  typeof found === 'object' && found !== null && !Array.isArray(found)

/** What was found, short enough to repeat. For what can be no secret only. */
export function describe(found: unknown): string {
  if (typeof found === 'number' || typeof found === 'boolean') return String(found)
  if (typeof found !== 'string') return kindOf(found)
  return JSON.stringify(found.length > 80 ? `${found.slice(0, 80)}…` : found)
}

/** What sort of thing was found: where a text was not expected at all, it may be a secret's value in the wrong place. */
export function kindOf(found: unknown): string {
  if (isNothing(found)) return 'nothing'
  if (Array.isArray(found)) return 'a list'
  if (isMapping(found)) return 'a mapping'
  return typeof found === 'string' ? 'a text' : `a ${typeof found}`
}

const problem = (at: string, found: string, accepted: string): Result<never> => ({
  problems: [`${at === '' ? 'the file' : at}: found ${found}; accepted: ${accepted}`],
})

export const wrong = (at: string, found: unknown, accepted: string): Result<never> =>
  problem(at, describe(found), accepted)

export const wrongKind = (at: string, found: unknown, accepted: string): Result<never> =>
  problem(at, kindOf(found), accepted)

/** A text that `isValid`; what is accepted is said in words. */
export function text(
  accepted: string,
  isValid: (text: string) => boolean = () => true,
): Read<string> {
  return (found, at) =>
    typeof found === 'string' && isValid(found) ? { value: found } : wrong(at, found, accepted)
}

export const lowerCase = (read: Read<string>): Read<string> =>
  andThen(read, (value) => ({ value: value.toLowerCase() }))

/** One of a few words. */
export function word<W extends string>(...words: readonly W[]): Read<W> {
  return (found, at) => {
    const value = words.find((one) => one === found)
    return value === undefined ? wrong(at, found, words.join(', ')) : { value }
  }
}

/** A whole number. YAML is read as text throughout, JSON isn't: digits count too. */
export function wholeNumber(min: number, max: number): Read<number> {
  return (found, at) => {
    const value = typeof found === 'string' && /^-?\d{1,15}$/.test(found) ? Number(found) : found
    return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? { value }
      : wrong(at, found, `a whole number from ${min} to ${max}`)
  }
}

export const flag: Read<boolean> = (found, at) => {
  if (typeof found === 'boolean') return { value: found }
  return found === 'true' || found === 'false'
    ? { value: found === 'true' }
    : wrong(at, found, 'true or false')
}

export const date: Read<Date> = (found, at) => {
  const value = typeof found === 'string' ? new Date(found) : new Date(Number.NaN)
  return Number.isNaN(value.getTime())
    ? wrong(at, found, 'a date such as 2026-01-31T12:00:00Z')
    : { value }
}

/** An empty key is as good as none. */
const isNothing = (found: unknown) => found === undefined || found === null

export function optional<T>(read: Read<T>): Read<T | undefined> {
  return (found, at) => (isNothing(found) ? { value: undefined } : read(found, at))
}

export function withDefault<T>(read: Read<T>, value: T): Read<T> {
  return (found, at) => (isNothing(found) ? { value } : read(found, at))
}

export function listOf<T>(read: Read<T>): Read<readonly T[]> {
  return (found, at) =>
    Array.isArray(found)
      ? all(found.map((one, index) => read(one, `${at}[${index}]`)))
      : wrongKind(at, found, 'a list')
}

/** A mapping from names to values; each becomes what `read` makes of it, in order. */
export function entriesOf<T>(read: (name: string) => Read<T>): Read<readonly T[]> {
  return (found, at) =>
    isMapping(found)
      ? all(Object.entries(found).map(([name, one]) => read(name)(one, `${at}.${name}`)))
      : wrongKind(at, found, 'a mapping')
}

/** A mapping from names to texts. */
export const stringMap: Read<Record<string, string>> = (found, at) =>
  andThen(
    entriesOf((name) => andThen(text('a text'), (value) => ({ value: [name, value] as const }))),
    (entries) => ({ value: Object.fromEntries(entries) }),
  )(found, at)

/** A mapping with exactly these keys. An unknown one is a problem that names the nearest known. */
export function record<Fields extends Readonly<Record<string, Read<unknown>>>>(
  fields: Fields,
): Read<{ readonly [Name in keyof Fields]: ReadBy<Fields[Name]> }> {
  const known = Object.keys(fields)
  return (found, at) => {
    if (!isMapping(found)) return wrongKind(at, found, `a mapping with ${known.join(', ')}`)
    const unknown = Object.keys(found).filter((name) => !known.includes(name))
    const results = Object.entries(fields).map(([name, read]) =>
      read(
        Object.hasOwn(found, name) ? found[name] : undefined,
        at === '' ? name : `${at}.${name}`,
      ),
    )
    const problems = [
      ...unknown.map((name) => unknownKey(at, name, known)),
      ...results.flatMap((result) => ('problems' in result ? result.problems : [])),
    ]
    if (problems.length > 0) return { problems }
    const values = results.map((result) => ('value' in result ? result.value : undefined))
    const value = Object.fromEntries(known.map((name, index) => [name, values[index]]))
    return { value: value as { [Name in keyof Fields]: ReadBy<Fields[Name]> } }
  }
}

/** Reads on with what was read, if nothing was wrong with it. */
export function andThen<T, U>(read: Read<T>, next: (value: T, at: string) => Result<U>): Read<U> {
  return (found, at) => {
    const result = read(found, at)
    return 'value' in result ? next(result.value, at) : result
  }
}

function all<T>(results: readonly Result<T>[]): Result<readonly T[]> {
  const problems = results.flatMap((result) => ('problems' in result ? result.problems : []))
  return problems.length > 0
    ? { problems }
    : { value: results.flatMap((result) => ('value' in result ? [result.value] : [])) }
}

function unknownKey(at: string, name: string, known: readonly string[]): string {
  const [nearest] = known.toSorted((a, b) => leven(a, name) - leven(b, name))
  const where = at === '' ? '' : `${at}: `
  return `${where}there is no key ${describe(name)}; the nearest is "${nearest}" (accepted: ${known.join(', ')})`
}

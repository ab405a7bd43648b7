import { printable } from '../printable.ts'
import { isObject } from '../shape.ts'
import { didYouMean } from './did-you-mean.ts'
import type { Parsed } from './parsed.ts'
import {
  describeField,
  maxKeptProblems,
  type Problem,
  type ProblemField,
  plainProblem,
} from './problem.ts'

/** A value in its object, and the list that its problems are added to. */
export interface Field extends ProblemField {
  readonly problems: Problem[]
}

/** Reads a part of an object that anybody may write. If it can't be read, adds a problem and returns undefined. */
export type Read<T> = (value: unknown, at: Field) => T | undefined

type Members = Readonly<Record<string, Read<unknown>>>
type ValueOf<R extends Read<unknown>> = Exclude<ReturnType<R>, undefined>
type SomeOf<M extends Members> = { readonly [Name in keyof M]?: ValueOf<M[Name]> }
type RequiredOf<M extends Members> = {
  readonly [Name in keyof M as M[Name] extends RequiredRead<unknown> ? Name : never]: ValueOf<
    M[Name]
  >
}

interface RequiredRead<T> extends Read<T> {
  readonly isRequired: true
}

/** Marks a member without which {@link allOf} can't read the object. */
export const required = <T>(read: Read<T>): RequiredRead<T> =>
  Object.assign<Read<T>, { isRequired: true }>((value, at) => read(value, at), {
    isRequired: true,
  })

/** Reads an object if nothing in it is wrong or missing. */
export const allOf =
  <M extends Members>(members: M): Read<SomeOf<M> & RequiredOf<M>> =>
  (value, at) => {
    const before = at.problems.length
    const found: SomeOf<M> = someOf(members)(value, at)
    const missing = Object.keys(members).find(
      (name) => members[name] && 'isRequired' in members[name] && found[name] === undefined,
    )
    if (missing !== undefined && at.problems.length === before)
      reportThat(below(at, missing), 'is missing')
    return at.problems.length > before ? undefined : (found as SomeOf<M> & RequiredOf<M>)
  }

/**
 * Reads the members of an object that can be read. A member that isn't among these is a problem; `null` counts as absent.
 */
export const someOf =
  <M extends Members>(members: M) =>
  (value: unknown, at: Field): SomeOf<M> => {
    const found: Record<string, unknown> = {}
    if (!isObject(value)) reportValue(at, value, 'expected an object')
    for (const [name, member] of Object.entries(isObject(value) ? value : {})) {
      if (isFull(at)) break
      const read = Object.hasOwn(members, name) ? members[name] : undefined
      if (read === undefined) reportUnknown(name, Object.keys(members), at)
      else if (member != null) found[name] = read(member, below(at, name))
    }
    return found as SomeOf<M>
  }

/** Reads the items of a list that can be read. */
export const eachOf =
  <T>(read: Read<T>, maxItems: number): Read<readonly T[]> =>
  (value, at) => {
    if (!Array.isArray(value)) return reportValue(at, value, 'expected a list')
    if (value.length > maxItems)
      return report(at, `found ${value.length} items; accepted: at most ${maxItems}`)
    const found: T[] = []
    for (const [index, item] of value.entries()) {
      if (isFull(at)) break
      const value = read(item, below(at, index))
      if (value !== undefined) found.push(value)
    }
    return found
  }

/** A string that isn't empty. */
export const text: Read<string> = (value, at) =>
  typeof value === 'string' && value !== '' ? value : reportValue(at, value, 'expected a string')

/** Such a string that another function reads. */
export const textAs =
  <T>(read: (text: string, at: Field) => T | undefined): Read<T> =>
  (value, at) => {
    const found = text(value, at)
    return found === undefined ? undefined : read(found, at)
  }

/** Any value that a parser accepts. */
export const checked =
  <T>(parse: (value: unknown) => Parsed<T>): Read<T> =>
  (value, at) => {
    const result = parse(value)
    return result.kind === 'valid' ? result.value : reportValue(at, value, result.problem)
  }

/** Text that a parser accepts. */
export const parsed = <T>(parse: (text: string) => Parsed<T>): Read<T> =>
  textAs((found, at) => checked(() => parse(found))(found, at))

/** One of these values. `why` ends the sentence about any other. */
export const only =
  <const T extends string | boolean>(accepted: readonly T[], why = ''): Read<T> =>
  (value, at) =>
    accepted.find((choice) => choice === value) ??
    reportValue(at, value, `is not supported here; accepted: ${accepted.join(', ')}${why}`)

/** A member that is never accepted. */
export const refused =
  (sentence: string): Read<never> =>
  (_value, at) =>
    reportThat(at, `is not supported here; ${sentence}`)

/** A member that has no effect here. */
export const ignored: Read<never> = () => undefined

/** A member that is read later. */
export const unread: Read<unknown> = (value) => value

/** The field of a member or an item. That of a field with a subject has one, too: `data, item 2, key`. */
export const below = ({ path, subject, problems }: Field, part: string | number): Field => ({
  path: [...path, part],
  ...(subject !== undefined && { subject: subjectBelow(subject, part) }),
  problems,
})

function subjectBelow(subject: string, part: string | number): string {
  const words = typeof part === 'number' ? `item ${part + 1}` : part
  return subject === '' ? words : `${subject}, ${words}`
}

/** Whether there are as many problems as are kept, so that nothing more need be read. */
export const isFull = ({ problems }: Field): boolean => problems.length >= maxKeptProblems

/** Adds a problem. */
export function report({ problems, ...field }: Field, sentence: string): undefined {
  problems.push({ ...field, sentence })
}

/** Adds a problem whose sentence continues the path, as in "spec.data is missing". */
export function reportThat({ problems, ...field }: Field, predicate: string): undefined {
  problems.push(plainProblem(`${describeField(field)} ${predicate}`, field.path))
}

/** Adds a problem that shows the value if it is short text. */
export function reportValue(
  { problems, ...field }: Field,
  value: unknown,
  sentence: string,
): undefined {
  const isShown = ['string', 'number', 'boolean'].includes(typeof value)
  problems.push({ ...field, ...(isShown && { found: printable(String(value)) }), sentence })
}

function reportUnknown(
  name: string,
  known: readonly string[],
  { problems, ...field }: Field,
): void {
  const sentence = `${describeField(field)}.${printable(name, 40)} is not supported here; ${didYouMean(name, known)}`
  problems.push(plainProblem(sentence, [...field.path, name]))
}

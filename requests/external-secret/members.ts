import { closestMatch } from 'leven'
import { printable } from '../../lib/printable.ts'
import { describePath } from '../../lib/problems/describe-problem.ts'
import {
  type FieldPath,
  maxKeptProblems,
  type Problem,
  plainProblem,
} from '../../lib/problems/problem.ts'
import { isObject } from '../../lib/shape.ts'

/** A place in an object, and the list that its problems are added to. */
export interface Place {
  readonly path: FieldPath
  readonly problems: Problem[]
}

/** The place of a member or an item. */
export const below = (place: Place, part: string | number): Place => ({
  ...place,
  path: [...place.path, part],
})

/** Adds a problem whose sentence continues the path, as in "spec.data is missing". */
export const claim = ({ path, problems }: Place, sentence: string): void =>
  void problems.push(plainProblem(`${describePath(path)} ${sentence}`, path))

/** Adds a problem with what is at a place. */
export const report = ({ path, problems }: Place, sentence: string): void =>
  void problems.push({ path, sentence })

export type ReadMember = (value: unknown, place: Place) => void

/** Reads each member of an object by its own function. A member without one is a problem; `null` counts as absent. */
export function readMembers(
  value: unknown,
  place: Place,
  members: Readonly<Record<string, ReadMember>>,
): void {
  if (!isObject(value)) {
    wrong(place, value, 'expected an object')
    return
  }
  for (const [name, member] of Object.entries(value)) {
    if (place.problems.length >= maxKeptProblems) return
    const read = Object.hasOwn(members, name) ? members[name] : undefined
    if (read === undefined) {
      const nearest = closestMatch(name.slice(0, 64), Object.keys(members))
      const sentence = `${describePath(place.path)}.${printable(name, 40)} is not supported here; did you mean ${nearest}?`
      place.problems.push(plainProblem(sentence, [...place.path, name]))
    } else if (member != null) read(member, below(place, name))
  }
}

/** Reads each item of a list. */
export function readItems(
  value: unknown,
  place: Place,
  { most, read }: { readonly most: number; readonly read: ReadMember },
): void {
  if (!Array.isArray(value)) {
    wrong(place, value, 'expected a list')
    return
  }
  if (value.length > most)
    return void report(place, `found ${value.length} items; accepted: at most ${most}`)
  for (const [index, item] of value.entries()) {
    if (place.problems.length >= maxKeptProblems) return
    read(item, below(place, index))
  }
}

/** Reads a string that isn't empty. */
export const text =
  (keep: (text: string, place: Place) => void): ReadMember =>
  (value, place) => {
    if (typeof value === 'string' && value !== '') keep(value, place)
    else wrong(place, value, 'expected a string')
  }

/** Accepts these values only, which are the defaults of the External Secrets Operator unless `why` says more. */
export const only =
  (accepted: readonly (string | boolean)[], why = ''): ReadMember =>
  (value, place) => {
    if (!(accepted as readonly unknown[]).includes(value))
      wrong(place, value, `is not supported here; accepted: ${accepted.join(', ')}${why}`)
  }

/** A member that is never accepted. */
export const refused =
  (sentence: string): ReadMember =>
  (_value, place) =>
    claim(place, `is not supported here; ${sentence}`)

/** A member that has no effect here. */
export const ignored: ReadMember = () => undefined

/** Adds a problem that shows the value if it is short text. */
export function wrong({ path, problems }: Place, value: unknown, sentence: string): void {
  const isShown =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  problems.push({ path, ...(isShown && { found: printable(String(value)) }), sentence })
}

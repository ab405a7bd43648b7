import { type ParsedReference, parseReference } from '../../../../keyvault/reference.ts'
import { printable } from '../../../../lib/printable.ts'
import { maxProblems } from '../../outcome.ts'
import { splitList } from '../values/split-list.ts'

/** One entry of a list in `secrets` or `env`. */
export interface Entry {
  /** The entry as messages name it: `entry "db=db-password"`. */
  readonly place: string
  /** What was written before the `=`, if anything. */
  readonly target?: string
  readonly reference: ParsedReference
  readonly optional: boolean
}

/** What is wrong with a list, or with one entry of it. */
export interface ListProblem {
  /** Absent: the list as a whole. */
  readonly place?: string
  readonly sentence: string
}

/** More would not fit into the agent's configuration, and every problem is reported: this bounds the report. */
const maxEntries = 2000

/**
 * Reads `[target=]reference[?]`, separated by commas or newlines (docs/specification.md, "Object lists").
 *
 * @param reading - `targetProblem`: what is wrong with a target that was written. It is asked for entries that can't be
 *   read otherwise, so that all problems of an entry are told at once; whoever takes the others checks theirs.
 * @returns the entries that could be read, and what is wrong with those that could not
 */
export function parseObjectList(
  list: string,
  reading: {
    readonly defaultVault?: string | undefined
    readonly targetProblem?: (target: string) => string | undefined
  },
): { readonly entries: readonly Entry[]; readonly problems: readonly ListProblem[] } {
  const { defaultVault, targetProblem = () => undefined } = reading
  const written = splitList(list, maxEntries)
  if (written === undefined)
    return {
      entries: [],
      problems: [{ sentence: `there are too many entries: ${maxEntries} at most` }],
    }
  const entries: Entry[] = []
  const problems: ListProblem[] = []
  for (const text of written) {
    if (problems.length >= maxProblems) break
    const place = `entry "${printable(text)}"`
    const { required, optional } = cutOptional(text)
    const { target, rest } = cutTarget(required)
    const reference = parseReference(rest, defaultVault)
    const named = target === undefined ? {} : { target }
    if ('value' in reference) {
      entries.push({ place, ...named, reference: reference.value, optional })
      continue
    }
    problems.push({ place, sentence: reference.problem })
    const sentence = target === undefined ? undefined : targetProblem(target)
    if (sentence !== undefined) problems.push({ place, sentence })
  }
  return { entries, problems }
}

/** The first `=` ends the target: a property that holds another has a target before it. */
function cutTarget(text: string): { readonly target?: string; readonly rest: string } {
  const equals = text.indexOf('=')
  return equals < 0
    ? { rest: text }
    : { target: text.slice(0, equals).trim(), rest: text.slice(equals + 1) }
}

/** `name?` may be absent. */
export function cutOptional(text: string): {
  readonly required: string
  readonly optional: boolean
} {
  const trimmed = text.trim()
  const optional = trimmed.endsWith('?')
  return { required: optional ? trimmed.slice(0, -1) : trimmed, optional }
}

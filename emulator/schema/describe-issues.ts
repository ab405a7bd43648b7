import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/**
 * Turns what a schema found wrong into sentences for people: the place, then what the schema says of it.
 *
 * @param root what the whole input is called, as in `body.name`; empty for a file
 */
export const describeIssues = (issues: readonly Issue[], root: string): readonly string[] =>
  issues.flatMap((issue) => describeIssue(issue, root))

function describeIssue(issue: Issue, above: string): readonly string[] {
  const place = issue.path.reduce<string>(placeBelow, above)
  if (issue.code === 'invalid_union' && issue.errors.length > 0)
    return describeIssues(chosenBranch(issue.errors), place)
  if (issue.code === 'invalid_key')
    return issue.issues.map(({ message }) => sentence(place, message))
  if (issue.code === 'unrecognized_keys')
    return issue.message
      .split('\n')
      .map((message) => (place === '' ? message : sentence(place, message)))
  return [sentence(place, issue.message)]
}

const placeBelow = (above: string, part: PropertyKey): string => {
  if (typeof part === 'number') return `${above}[${part}]`
  return above === '' ? String(part) : `${above}.${String(part)}`
}

const sentence = (place: string, message: string): string =>
  `${place === '' ? 'the file' : place}: ${message}`

/** What the schema for this kind of value says, if one of them takes the kind; else what the first says. */
const chosenBranch = (branches: readonly (readonly Issue[])[]): readonly Issue[] =>
  branches.find((issues) => !issues.some(isWrongKind)) ?? branches[0] ?? []

const isWrongKind = ({ code, path }: Issue): boolean =>
  path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')

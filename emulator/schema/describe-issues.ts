import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/**
 * Turns a schema's issues into sentences: the path, then the schema's message.
 *
 * @param root the name of the whole input, as in `body.name`; empty for a file
 */
export const describeIssues = (issues: readonly Issue[], root: string): readonly string[] =>
  issues.flatMap((issue) => describeIssue(issue, root))

function describeIssue(issue: Issue, above: string): readonly string[] {
  const field = issue.path.reduce<string>(fieldBelow, above)
  if (issue.code === 'invalid_union' && issue.errors.length > 0)
    return describeIssues(chosenBranch(issue.errors), field)
  if (issue.code === 'invalid_key')
    return issue.issues.map(({ message }) => sentence(field, message))
  if (issue.code === 'unrecognized_keys')
    return issue.message
      .split('\n')
      .map((message) => (field === '' ? message : sentence(field, message)))
  return [sentence(field, issue.message)]
}

const fieldBelow = (above: string, part: PropertyKey): string => {
  if (typeof part === 'number') return `${above}[${part}]`
  return above === '' ? String(part) : `${above}.${String(part)}`
}

const sentence = (field: string, message: string): string =>
  `${field === '' ? 'the file' : field}: ${message}`

/** The issues of the branch that accepts this kind of value, or else of the first branch. */
const chosenBranch = (branches: readonly (readonly Issue[])[]): readonly Issue[] =>
  branches.find((issues) => !issues.some(isWrongKind)) ?? branches[0] ?? []

const isWrongKind = ({ code, path }: Issue): boolean =>
  path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')

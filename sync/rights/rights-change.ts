import type { NeededAccess } from '../../requests/access/sync-needs.ts'
import type { Rights } from './read-rights.ts'

/** Whether the controller has fewer rights than before, although it may have gained others, or only more. */
export type RightsChange = 'less' | 'more'

/**
 * Compares two reviews of a namespace. Undefined if the rights that the controller needs are the same.
 *
 * @param before - undefined before the first review
 */
export function rightsChange(
  before: Rights | undefined,
  after: Rights | undefined,
): RightsChange | undefined {
  const lost = [
    ...missing(namesOf(before), namesOf(after)),
    ...missing(lackOf(after), lackOf(before)),
  ]
  if (lost.length > 0 || (after?.isUnnamed === true && before?.isUnnamed !== true)) return 'less'
  const gained = missing(namesOf(after), namesOf(before))
  return gained.length > 0 || areGrantedAgain(before, after) ? 'more' : undefined
}

/** Whether the controller may do something now that it couldn't do before for an account that was enabled. */
export const areGrantedAgain = (before: Rights | undefined, after: Rights | undefined): boolean =>
  missing(lackOf(before), lackOf(after)).length > 0

const namesOf = (rights: Rights | undefined): ReadonlySet<string> => rights?.accounts ?? new Set()

const lackOf = (rights: Rights | undefined): ReadonlySet<string> =>
  new Set(rights?.lacking.map(accessKey))

const accessKey = ({ verb, group, resource, name = '' }: NeededAccess): string =>
  [verb, group, resource, name].join(' ')

const missing = (from: ReadonlySet<string>, others: ReadonlySet<string>): readonly string[] =>
  [...from].filter((entry) => !others.has(entry))

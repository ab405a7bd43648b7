import { listNames } from '../../../lib/list-names.ts'
import type { Placeholder, Placeholders } from '../../input/placeholders/placeholders.ts'

const maxNamed = 3

/**
 * Returns lines about objects for which no commands are printed. If that depends on a placeholder's value, there is one
 * line for the placeholder instead.
 *
 * @param mistakes - for each object, a line that begins with its title, and a line for each of its problems
 */
export function sortOutMistakes(
  mistakes: readonly (readonly string[])[],
  { show, restore }: Placeholders,
): readonly string[] {
  const undecided = new Map<Placeholder, string[]>()
  const decided = mistakes.flatMap(([head = '', ...problems]) => {
    const shown = problems.map(show)
    for (const placeholder of new Set(shown.flatMap(({ open }) => open))) {
      const titles = undecided.get(placeholder) ?? []
      titles.push(restore(head.split(/ \(|: /, 1)[0] ?? ''))
      undecided.set(placeholder, titles)
    }
    const left = shown.filter(({ open }) => open.length === 0).map(({ text }) => text)
    return left.length > 0 || problems.length === 0 ? [restore(head), ...left] : []
  })
  const open = [...undecided].map(
    ([{ text }, titles]) => `undecided without ${text}: ${listNames(titles, maxNamed)}`,
  )
  return [...decided, ...open]
}

import { countOf } from '../../lib/count-of.ts'
import type { AnswerField } from '../answers/answer-words.ts'
import type { AnswerLine } from '../answers/compare-answers.ts'

/** What was recorded, and where the emulator differs, for a terminal. */
export function answersText(lines: readonly AnswerLine[]): readonly string[] {
  const missing = lines.filter(({ seen }) => seen.status?.[0] === 'none')
  const differences = lines.flatMap(differencesOf)
  return [
    `answers: ${lines.length - missing.length} recorded. The emulator differs in ${countOf(differences.length, 'field')}`,
    ...missing.map(({ request }) =>
      request === 'throttled'
        ? 'answers: the vault didn’t throttle'
        : `answers: no answer to ${request}`,
    ),
    ...differences,
  ]
}

/** The same as Markdown: a line for each answer. */
export const answersMarkdown = (lines: readonly AnswerLine[] | undefined): readonly string[] =>
  lines === undefined
    ? []
    : [
        '',
        '| answer | status | code | the emulator differs in |',
        '|---|---|---|---|',
        ...lines.map(({ request, seen, emulator }) => {
          const codes = [...(seen.code ?? []), ...(seen['inner-code'] ?? [])].join(' ')
          const differs = Object.keys(emulator).join(', ')
          return `| ${request} | ${seen.status?.join('') ?? ''} | ${codes} | ${differs} |`
        }),
        '',
        ...lines.flatMap(differencesOf).map((line) => `- ${line}`),
      ]

const differencesOf = ({ request, seen, emulator }: AnswerLine): readonly string[] =>
  Object.entries(emulator).map(([field, words]) => {
    const azures = seen[field as AnswerField] ?? []
    return `${request} differs in ${field}: Azure has ${textOf(azures, words)}, the emulator ${textOf(words, azures)}`
  })

/** The words that the other side doesn't have, or all if only their order differs. */
function textOf(words: readonly string[], others: readonly string[]): string {
  const only = words.filter((word) => !others.includes(word))
  const shown = only.length === 0 && words.length === others.length ? words : only
  return shown.join(' ') || 'nothing more'
}

import { isObject } from '../../lib/shape.ts'
import { type AnswerRequestId, answerRequestIds } from './answer-request.ts'
import { type AnswerField, answerFields } from './answer-words.ts'
import type { RecordedAnswers } from './record-answers.ts'
import { type AnswerShape, withListedWords } from './shape.ts'

/** What the answer to a request looks like, and where the emulator's differs. */
export interface AnswerLine {
  readonly request: AnswerRequestId
  readonly seen: AnswerShape
  /** What the emulator's answer has in the fields that differ. An empty list: it doesn't have the field. */
  readonly emulator: AnswerShape
}

/** Compares each answer with the emulator's answer to the same request. */
export function compareAnswers(
  seen: RecordedAnswers,
  emulator: RecordedAnswers,
): readonly AnswerLine[] {
  return [...seen].flatMap(([request, shape]) => {
    const other = emulator.get(request)
    return other === undefined ? [] : [{ request, seen: shape, emulator: differing(shape, other) }]
  })
}

function differing(shape: AnswerShape, other: AnswerShape): AnswerShape {
  // Nobody answered, so there is nothing to compare.
  if (shape.status?.[0] === 'none') return {}
  const fields = answerFields.filter((field) => textOf(shape, field) !== textOf(other, field))
  return Object.fromEntries(fields.map((field) => [field, other[field] ?? []]))
}

const textOf = (shape: AnswerShape, field: AnswerField): string => (shape[field] ?? []).join(' ')

/** Takes the lines that are one, with nothing but listed words. Undefined if it isn't a list. */
export function readAnswerLines(raw: unknown): readonly AnswerLine[] | undefined {
  if (!Array.isArray(raw)) return undefined
  return raw.filter(isObject).flatMap((line) => {
    const request = answerRequestIds.find((id) => id === line['request'])
    const { seen, emulator } = line
    if (request === undefined || !isObject(seen) || !isObject(emulator)) return []
    return [{ request, seen: withListedWords(seen), emulator: withListedWords(emulator) }]
  })
}

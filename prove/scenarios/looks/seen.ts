import { errorTable } from '../../../lib/errors/error-table.ts'

/** What a step can see, besides an error code. */
const words = [
  'applied',
  'refused',
  'not-applied',
  'delivered',
  'differs',
  'unreachable',
  'absent',
  'present',
  'injected',
  'not-injected',
  'unanswered',
  'started',
  'not-started',
  'gated',
  'not-gated',
  'no-code',
  'changed',
  'not-changed',
  'exit-0',
  'exit-1',
  'exit-2',
  'no-exit',
] as const

/** The only words that a report says about what was expected and seen. */
export type Seen = (typeof words)[number] | keyof typeof errorTable

const all: ReadonlySet<string> = new Set([...words, ...Object.keys(errorTable)])

export const isSeen = (text: unknown): text is Seen => typeof text === 'string' && all.has(text)

/** The schema of faults in the control API. */

import { z } from 'zod'
import { innerForbiddenCodes } from '../refusals/vault-refusal.ts'
import { flag, found, object, optional, text, wholeNumber, word } from '../schema/schema-parts.ts'
import { type Fault, services } from './faults.ts'

const maxDelayMs = 10 * 60 * 1000
const anyText = text('a string')
/** Excludes line breaks, which would end the header. */
const headerText = text('printable characters', (found) => /^[\x20-\x7e]+$/.test(found))

const actions = [
  object({
    kind: z.literal('throttle'),
    retryAfterSeconds: optional(wholeNumber(0, 86_400)),
  }),
  object({ kind: z.literal('status'), status: wholeNumber(200, 599) }),
  object({ kind: z.literal('delay'), delayMs: wholeNumber(0, maxDelayMs) }),
  object({ kind: z.literal('reset') }),
  object({
    kind: z.literal('redirect'),
    location: headerText,
    status: optional(wholeNumber(300, 399)),
  }),
  object({ kind: z.literal('challenge'), header: headerText }),
  object({ kind: z.literal('malformed'), body: optional(anyText) }),
  object({ kind: z.literal('forbidden'), innerCode: word(innerForbiddenCodes) }),
  object({ kind: z.literal('entra'), code: wholeNumber(1, 99_999_999) }),
] as const
const kinds = actions.map(({ shape }) => shape.kind.value).join(', ')

const action = z.preprocess(
  (input) => input ?? {},
  z.discriminatedUnion('kind', actions, {
    error: ({ input }) => found(Object(input).kind, kinds),
  }),
)

export const faultSchema: z.ZodType<Fault> = object({
  match: optional(
    object({
      service: optional(word(services)),
      vault: optional(anyText),
      path: optional(anyText),
      method: optional(anyText),
      authorized: optional(flag),
    }),
  ),
  count: optional(wholeNumber(1, 1_000_000)),
  forMs: optional(wholeNumber(1, 86_400_000)),
  action,
})

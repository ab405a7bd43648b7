import { z } from 'zod'
import { innerForbiddenCodes } from '../refusals/vault-refusal.ts'
import {
  flag,
  found,
  mapping,
  maybe,
  validText,
  wholeNumber,
  word,
} from '../schema/schema-parts.ts'
import { type Fault, services } from './faults.ts'

const maxDelayMs = 10 * 60 * 1000
const anyText = validText('a string')
/** Excludes line breaks, which would end the header. */
const headerText = validText('printable characters', (found) => /^[\x20-\x7e]+$/.test(found))

const actions = [
  mapping({
    kind: z.literal('throttle'),
    retryAfterSeconds: maybe(wholeNumber(0, 86_400)),
  }),
  mapping({ kind: z.literal('status'), status: wholeNumber(200, 599) }),
  mapping({ kind: z.literal('delay'), delayMs: wholeNumber(0, maxDelayMs) }),
  mapping({ kind: z.literal('reset') }),
  mapping({
    kind: z.literal('redirect'),
    location: headerText,
    status: maybe(wholeNumber(300, 399)),
  }),
  mapping({ kind: z.literal('challenge'), header: headerText }),
  mapping({ kind: z.literal('malformed'), body: maybe(anyText) }),
  mapping({ kind: z.literal('forbidden'), innerCode: word(innerForbiddenCodes) }),
  mapping({ kind: z.literal('entra'), code: wholeNumber(1, 99_999_999) }),
] as const
const kinds = actions.map(({ shape }) => shape.kind.value).join(', ')

const action = z.preprocess(
  (input) => input ?? {},
  z.discriminatedUnion('kind', actions, {
    error: ({ input }) => found(Object(input).kind, kinds),
  }),
)

export const faultSchema: z.ZodType<Fault> = mapping({
  match: maybe(
    mapping({
      service: maybe(word(services)),
      vault: maybe(anyText),
      path: maybe(anyText),
      method: maybe(anyText),
      authorized: maybe(flag),
      laterPage: maybe(flag),
    }),
  ),
  count: maybe(wholeNumber(1, 1_000_000)),
  forMs: maybe(wholeNumber(1, 86_400_000)),
  action,
})

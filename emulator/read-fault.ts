/** Faults as JSON gives them. */

import { type Fault, type FaultAction, services } from './faults.ts'
import {
  flag,
  isMapping,
  optional,
  type Read,
  record,
  text,
  wholeNumber,
  word,
  wrong,
} from './read-value.ts'
import { innerForbiddenCodes } from './vault-refusal.ts'

const maxDelayMs = 10 * 60 * 1000
const anyText = text('a text')
/** Nothing that would end a header line. */
const headerText = text('printable characters', (found) => /^[\x20-\x7e]+$/.test(found))

type Fields<Kind extends FaultAction['kind']> = Read<Extract<FaultAction, { kind: Kind }>>

const actions: { readonly [Kind in FaultAction['kind']]: Fields<Kind> } = {
  throttle: record({ kind: word('throttle'), retryAfterSeconds: optional(wholeNumber(0, 86_400)) }),
  status: record({ kind: word('status'), status: wholeNumber(200, 599) }),
  delay: record({ kind: word('delay'), delayMs: wholeNumber(0, maxDelayMs) }),
  reset: record({ kind: word('reset') }),
  redirect: record({
    kind: word('redirect'),
    location: headerText,
    status: optional(wholeNumber(300, 399)),
  }),
  challenge: record({ kind: word('challenge'), header: headerText }),
  malformed: record({ kind: word('malformed'), body: optional(anyText) }),
  forbidden: record({ kind: word('forbidden'), innerCode: word(...innerForbiddenCodes) }),
  entra: record({ kind: word('entra'), code: wholeNumber(1, 99_999_999) }),
}

const readAction: Read<FaultAction> = (found, at) => {
  const kind = isMapping(found) ? found['kind'] : undefined
  const kinds = Object.keys(actions)
  const read = Object.entries(actions).find(([name]) => name === kind)?.[1]
  return read === undefined ? wrong(`${at}.kind`, kind, kinds.join(', ')) : read(found, at)
}

export const readFault: Read<Fault> = record({
  match: optional(
    record({
      service: optional(word(...services)),
      vault: optional(anyText),
      path: optional(anyText),
      method: optional(anyText),
      authorized: optional(flag),
    }),
  ),
  count: optional(wholeNumber(1, 1_000_000)),
  forMs: optional(wholeNumber(1, 86_400_000)),
  action: readAction,
})

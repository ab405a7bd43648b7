import type { ErrorFacts } from './error-facts.ts'
import { errorTable } from './error-table.ts'

export type AkvErrorCode = keyof typeof errorTable

export class AkvError extends Error {
  override readonly name = 'AkvError'
  readonly code: AkvErrorCode
  /** How long the service asked to be left alone. */
  readonly retryAfterMs: number | undefined

  /** @param options - `message`: what happened, to which vault, object or file; never a value or a token */
  constructor(options: {
    readonly code: AkvErrorCode
    readonly message: string
    readonly retryAfterMs?: number | undefined
  }) {
    super(options.message)
    this.code = options.code
    this.retryAfterMs = options.retryAfterMs
  }

  get facts(): ErrorFacts {
    return errorTable[this.code]
  }
}

/** Whatever was thrown, as an error with a code. What isn't ours may quote anything: only its kind and place are shown. */
export function toAkvError(error: unknown): AkvError {
  if (error instanceof AkvError) return error
  return new AkvError({ code: 'AKV_INTERNAL', message: `unexpected ${kindAndPlace(error)}` })
}

function kindAndPlace(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  // A message may span lines and look like a frame: the frames are what follows it.
  const { name, message, stack = '' } = error
  const frames = stack.slice(stack.indexOf(message) + message.length)
  const place = /\n {4}(at .{1,200})/.exec(frames)?.[1]
  return place === undefined ? name : `${name} ${place}`
}

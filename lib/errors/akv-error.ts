import type { ErrorFacts } from './error-facts.ts'
import { errorTable } from './error-table.ts'

export type AkvErrorCode = keyof typeof errorTable

/** What Azure calls a failed request, for Microsoft's support: IDs and a time, all of checked forms. */
export type AzureIds = Readonly<
  Partial<
    Record<'requestId' | 'clientRequestId' | 'traceId' | 'correlationId' | 'timestamp', string>
  >
>

export class AkvError extends Error {
  override readonly name = 'AkvError'
  readonly code: AkvErrorCode
  /** How long the service asked us to wait. */
  readonly retryAfterMs: number | undefined
  /** What only administrators may know, for the log at level debug. Like the message, it never contains a value. */
  readonly detail: string | undefined
  /** The issuer of the token that Entra or the token proxy refused, as far as the token says so. */
  readonly issuer: string | undefined
  /** Absent: no service answered, or the answer has none. Only for the log, because each request has others. */
  readonly azureIds: AzureIds | undefined

  private readonly combined: readonly AkvError[] | undefined

  /**
   * @param message - what happened, to which vault, object or file; never a value or a token
   * @param more - `kinds`: see {@link combineErrors}
   */
  constructor(
    code: AkvErrorCode,
    message: string,
    more: {
      readonly retryAfterMs?: number | undefined
      readonly detail?: string | undefined
      readonly issuer?: string | undefined
      readonly azureIds?: AzureIds | undefined
      readonly kinds?: readonly AkvError[]
    } = {},
  ) {
    super(message)
    this.code = code
    this.retryAfterMs = more.retryAfterMs
    this.detail = more.detail
    this.issuer = more.issuer
    this.azureIds =
      more.azureIds && Object.keys(more.azureIds).length > 0 ? more.azureIds : undefined
    this.combined = more.kinds
  }

  /** The errors that this one combines, at most one for each code; this one alone if it combines none. */
  get kinds(): readonly AkvError[] {
    return this.combined ?? [this]
  }

  get facts(): ErrorFacts {
    return errorTable[this.code]
  }
}

/** Container runtimes cut a log line at 16 KiB. */
const maxMessagesOfKind = 20

/**
 * Combines errors into one; undefined if there are none. Errors with the same code become one kind, so that each kind
 * is reported with its own remedy. Errors that a retry can't fix come first, because somebody has to act on those.
 */
export function combineErrors(errors: readonly AkvError[]): AkvError | undefined {
  const different = [...new Map(errors.map((error) => [error.message, error])).values()]
  const kinds = [...Map.groupBy(different, ({ code }) => code)]
    .map(
      ([code, ofCode]) =>
        new AkvError(code, joinMessages(ofCode), {
          issuer: ofCode.find(({ issuer }) => issuer !== undefined)?.issuer,
          azureIds: ofCode.find(({ azureIds }) => azureIds !== undefined)?.azureIds,
        }),
    )
    .sort((a, b) => Number(a.facts.isRetryable) - Number(b.facts.isRetryable))
  const [first, ...others] = kinds
  if (first === undefined || others.length === 0) return first
  const rest = others.map(({ code, message }) => `${code}: ${message}`)
  return new AkvError(first.code, [first.message, ...rest].join('; '), { kinds })
}

function joinMessages(errors: readonly AkvError[]): string {
  const messages = errors.slice(0, maxMessagesOfKind).map(({ message }) => message)
  const more = errors.length - messages.length
  return [...messages, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

/**
 * Turns anything that was thrown into an error with a code. The message of a foreign error may quote anything, so only
 * its class and place are shown.
 */
export function toAkvError(error: unknown): AkvError {
  if (error instanceof AkvError) return error
  return new AkvError('AKV_INTERNAL', `unexpected ${kindAndPlace(error)}`)
}

function kindAndPlace(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  // A message may span several lines and look like a stack frame. The frames follow the message.
  const { name, message, stack = '' } = error
  const frames = stack.slice(stack.indexOf(message) + message.length)
  const place = /\n {4}(at .{1,200})/.exec(frames)?.[1]
  return place === undefined ? name : `${name} ${place}`
}

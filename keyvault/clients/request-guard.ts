import type { SecretClientOptions } from '@azure/keyvault-secrets'
import type { EndedRequest } from '../../lib/metrics/vault-latency.ts'
import { retryAfterMs } from './retry-after.ts'
import type { ServerTime } from './server-time.ts'

/** Values in Key Vault have at most 25 KB, and tokens are far smaller, so no legitimate answer comes near this. */
const maxAnswerBytes = 1024 * 1024
/** More than an answer with a value has, however its characters are escaped. */
const largeAnswerBytes = 160 * 1024

/**
 * Why a request didn't end with a 200. `classify.ts` turns it into an error code. Bodies come from the service and are
 * untrusted.
 */
export type FailedRequest =
  | {
      readonly kind: 'status'
      readonly status: number
      readonly body: string
      readonly retryAfterMs: number | undefined
      /** The answer's `x-ms-request-id`, also untrusted. */
      readonly requestId?: string | undefined
      /** The `x-ms-client-request-id` that the SDK sent: a new UUID for each request. */
      readonly clientRequestId?: string | undefined
    }
  /** `code`: Node's error code, such as `ECONNREFUSED`. */
  | { readonly kind: 'network'; readonly code: string }
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  | { readonly kind: 'too-large'; readonly maxBytes: number }
  /** The request's URL wasn't below {@link GuardOptions.base}. It wasn't sent. */
  | { readonly kind: 'elsewhere' }

export class RequestFailure extends Error {
  override readonly name = 'RequestFailure'
  readonly failure: FailedRequest
  constructor(failure: FailedRequest) {
    super(failure.kind)
    this.failure = failure
  }
}

export interface GuardOptions {
  /** Requests may go only to URLs below this one. Any other request isn't sent. */
  readonly base: string
  /** Sends the requests to the same path below this URL instead. */
  readonly sendTo?: string | undefined
  /**
   * The token for `base`. It is sent with the first request, without waiting for a challenge. Challenges are never
   * read.
   */
  readonly token?: () => Promise<string>
  /** Is told the time of each answer. */
  readonly serverTime?: Pick<ServerTime, 'record'> | undefined
  readonly onFailure?: (failure: FailedRequest) => void
  /** The time limit for one try, from connecting to the last byte, so that a host that sends slowly can't block us. */
  readonly timeoutMs?: number
  /** Called when a request is sent. What it returns is called at the end of the answer, unless the caller has aborted the request. */
  readonly onSend?: () => (outcome: EndedRequest['outcome']) => void
  /** Called in each turn of the event loop in which an answer is read that is much larger than those of a vault are. */
  readonly onLargeAnswer?: (() => void) | undefined
  /** Is given each answer as it came, whatever its status. */
  readonly onAnswer?: ((answer: RawAnswer) => void) | undefined
}

/** An answer of Entra or a vault. All of it is untrusted. */
export interface RawAnswer {
  readonly status: number
  /** Names, in lower case, and values. */
  readonly headers: Iterable<readonly [string, string]>
  readonly bodyAsText?: string | null
}

type AdditionalPolicy = NonNullable<SecretClientOptions['additionalPolicies']>[number]
type Request = Parameters<AdditionalPolicy['policy']['sendRequest']>[0]

/**
 * The innermost policy of an SDK's pipeline. It turns every answer but a 200 into a {@link RequestFailure} before
 * the SDK can act on it: redirects aren't followed, and no challenge makes the SDK ask for another token.
 */
export function requestGuard(options: GuardOptions): AdditionalPolicy {
  const { base, sendTo, token, serverTime, onFailure, onSend, onAnswer } = options
  const { timeoutMs = 10_000 } = options
  const onLargeAnswer = options.onLargeAnswer ?? (() => undefined)
  const home = withSlash(new URL(base).href)
  const fail = (failure: FailedRequest) => {
    onFailure?.(failure)
    return new RequestFailure(failure)
  }
  return {
    position: 'perRetry',
    policy: {
      name: 'requestGuard',
      async sendRequest(request, next) {
        if (!new URL(request.url).href.startsWith(home)) throw fail({ kind: 'elsewhere' })
        if (sendTo !== undefined)
          request.url = withSlash(sendTo) + new URL(request.url).href.slice(home.length)
        if (token) request.headers.set('Authorization', `Bearer ${await token()}`)
        request.timeout = timeoutMs
        const answer = boundAnswer(request, onLargeAnswer)
        const onEnd = onSend?.()
        const response = await next(request).catch((error: unknown) => {
          if (request.abortSignal?.aborted) throw error
          onEnd?.('failed')
          if (answer.isTooLarge()) throw fail({ kind: 'too-large', maxBytes: maxAnswerBytes })
          if (isAbort(error)) throw fail({ kind: 'timeout', timeoutMs })
          throw fail({ kind: 'network', code: networkCode(error) })
        })
        // The SDK parses it next.
        if (answer.isLarge()) onLargeAnswer()
        onAnswer?.(response)
        serverTime?.record(response.headers.get('date'))
        onEnd?.(response.status === 200 ? 'ok' : 'failed')
        if (response.status === 200) return response
        throw fail({
          kind: 'status',
          status: response.status,
          body: response.bodyAsText ?? '',
          retryAfterMs: retryAfterMs((name) => response.headers.get(name), Date.now()),
          requestId: response.headers.get('x-ms-request-id'),
          clientRequestId: request.headers.get('x-ms-client-request-id'),
        })
      },
    },
  }
}

/**
 * Ends a response that is too large: if this listener throws, the pipeline drops the connection. Bytes are counted
 * after decompression.
 */
function boundAnswer(request: Request, onLargeAnswer: () => void) {
  let bytes = 0
  const isLarge = () => bytes > largeAnswerBytes
  const isTooLarge = () => bytes > maxAnswerBytes
  request.onDownloadProgress = ({ loadedBytes }) => {
    bytes = loadedBytes
    if (isLarge()) onLargeAnswer()
    if (isTooLarge()) throw new RangeError('answer too large')
  }
  return { isLarge, isTooLarge }
}

const withSlash = (url: string): string => (url.endsWith('/') ? url : `${url}/`)

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'

/** Returns only Node's own codes, because a message may repeat what a hostile host sent. */
function networkCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'UNKNOWN'
}

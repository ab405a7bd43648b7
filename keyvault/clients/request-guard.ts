import type { SecretClientOptions } from '@azure/keyvault-secrets'
import { retryAfterMs } from './retry-after.ts'

/** Key Vault values end at 25 KB, tokens far below: nothing honest comes near. */
const maxAnswerBytes = 1024 * 1024

/** Why a request brought no 200: the raw material of `classify.ts`. Bodies are the service's, and untrusted. */
export type Failure =
  | {
      readonly kind: 'status'
      readonly status: number
      readonly body: string
      readonly retryAfterMs: number | undefined
    }
  /** `code`: Node's, as `ECONNREFUSED`. */
  | { readonly kind: 'network'; readonly code: string }
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  | { readonly kind: 'too-large'; readonly maxBytes: number }
  /** The request was about to go to another place than {@link GuardOptions.base}; it wasn't sent. */
  | { readonly kind: 'elsewhere' }

export class RequestFailure extends Error {
  override readonly name = 'RequestFailure'
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.kind)
    this.failure = failure
  }
}

export interface GuardOptions {
  /** The URL below which requests may go; nothing is ever sent anywhere else. */
  readonly base: string
  /** The token for `base`. It is sent with the first request: no challenge is waited for, none is read. */
  readonly token?: () => Promise<string>
  readonly onFailure?: (failure: Failure) => void
  /** For one try, from connecting to the last byte, so that a host which drips can't hold us. */
  readonly timeoutMs?: number
}

type AdditionalPolicy = NonNullable<SecretClientOptions['additionalPolicies']>[number]
type Request = Parameters<AdditionalPolicy['policy']['sendRequest']>[0]

/**
 * The innermost policy of an SDK's pipeline. It turns every answer but a 200 into a {@link RequestFailure} before
 * the SDK can act on it: redirects aren't followed, and no challenge makes the SDK ask for another token.
 */
export function requestGuard(options: GuardOptions): AdditionalPolicy {
  const { base, token, onFailure, timeoutMs = 10_000 } = options
  const home = withSlash(new URL(base).href)
  const fail = (failure: Failure) => {
    onFailure?.(failure)
    return new RequestFailure(failure)
  }
  return {
    position: 'perRetry',
    policy: {
      name: 'requestGuard',
      async sendRequest(request, next) {
        if (!new URL(request.url).href.startsWith(home)) throw fail({ kind: 'elsewhere' })
        if (token) request.headers.set('Authorization', `Bearer ${await token()}`)
        request.timeout = timeoutMs
        const answer = boundAnswer(request)
        const response = await next(request).catch((error: unknown) => {
          if (request.abortSignal?.aborted) throw error
          if (answer.isTooLarge()) throw fail({ kind: 'too-large', maxBytes: maxAnswerBytes })
          if (isAbort(error)) throw fail({ kind: 'timeout', timeoutMs })
          throw fail({ kind: 'network', code: networkCode(error) })
        })
        if (response.status === 200) return response
        throw fail({
          kind: 'status',
          status: response.status,
          body: response.bodyAsText ?? '',
          retryAfterMs: retryAfterMs((name) => response.headers.get(name), Date.now()),
        })
      },
    },
  }
}

/** The pipeline drops the connection when its listener throws. It counts bytes as unpacked. */
function boundAnswer(request: Request): { isTooLarge(): boolean } {
  let isTooLarge = false
  request.onDownloadProgress = ({ loadedBytes }) => {
    isTooLarge = loadedBytes > maxAnswerBytes
    if (isTooLarge) throw new RangeError('answer too large')
  }
  return { isTooLarge: () => isTooLarge }
}

const withSlash = (url: string): string => (url.endsWith('/') ? url : `${url}/`)

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'

/** Only Node's own codes: a message may repeat what a hostile host sent. */
function networkCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'UNKNOWN'
}

/** Answers one request. The promise never rejects, and settles soon after the signal aborts. */
type Answer<Request, T> = (request: Request, signal: AbortSignal) => Promise<T>

/** Gives the answer to a request, or undefined as soon as the signal aborts. */
type SharedAnswer<Request, T> = (request: Request, signal: AbortSignal) => Promise<T | undefined>

/** A request for one key, and those who wait for its answer. */
interface SharedRequest<T> {
  readonly send: () => Promise<void>
  readonly join: (signal: AbortSignal) => Promise<T | undefined>
  /** True once everybody has left. It is aborted then, and of no use to anybody else. */
  readonly isAbandoned: () => boolean
}

/**
 * Lets callers that ask for the same at the same time share one request. At most one request for a key is under way.
 * Whoever asks meanwhile shares the next one, not the present one: its answer may be older than something that the caller
 * relies on, such as a class that was applied just before the pod.
 *
 * @param keyOf - requests with the same key ask for the same
 */
export function shareRequests<Request, T>(
  answer: Answer<Request, T>,
  keyOf: (request: Request) => string,
): SharedAnswer<Request, T> {
  const queues = new Map<string, { next: SharedRequest<T> | undefined }>()

  async function sendAll(key: string, first: SharedRequest<T>): Promise<void> {
    const queue: { next: SharedRequest<T> | undefined } = { next: first }
    queues.set(key, queue)
    while (queue.next !== undefined) {
      const request = queue.next
      queue.next = undefined
      if (!request.isAbandoned()) await request.send()
    }
    queues.delete(key)
  }

  return (wanted, signal) => {
    const key = keyOf(wanted)
    const queue = queues.get(key)
    const next = queue?.next
    if (next !== undefined && !next.isAbandoned()) return next.join(signal)
    const request = createRequest((abandoned) => answer(wanted, abandoned))
    const joined = request.join(signal)
    if (queue === undefined) void sendAll(key, request)
    else queue.next = request
    return joined
  }
}

function createRequest<T>(answer: (signal: AbortSignal) => Promise<T>): SharedRequest<T> {
  const abandoned = new AbortController()
  const { promise, resolve } = Promise.withResolvers<T>()
  let waiting = 0
  let isAnswered = false
  return {
    isAbandoned: () => abandoned.signal.aborted,
    async send() {
      resolve(await answer(abandoned.signal))
      isAnswered = true
    },
    async join(signal) {
      waiting++
      try {
        return await Promise.race([promise, whenAborted(signal)])
      } finally {
        waiting--
        if (waiting === 0 && !isAnswered) abandoned.abort(signal.reason)
      }
    },
  }
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

import {
  createConfiguration,
  type RequestContext,
  ResponseContext,
  ServerConfiguration,
  wrapHttpLibrary,
} from '@kubernetes/client-node'
import { type Clock, systemClock } from '../lib/clock.ts'
import { onTurnEnd } from '../lib/fair/stopwatch.ts'
import type { OutlinePath } from '../lib/json/wanted-places.ts'
import { createBoundedJson, type JsonBounds } from './bounded-json.ts'
import { type KubeconfigSource, loadConfig, serverOf } from './kubeconfig.ts'
import { markUnread, maxAnswer, maxObject, maxPage } from './large-objects.ts'

export interface ConnectOptions extends KubeconfigSource {
  /** Aborts requests in flight. */
  readonly signal: AbortSignal
  /** How long the API server may take to answer. */
  readonly timeoutMs?: number
  /** What is read of an object that is too large. */
  readonly outline?: readonly OutlinePath[]
  /** Called for each page of a list, with its URL's path and how long it took to read it. The client hasn't parsed it then. */
  readonly onPage?: OnRead
  /** Called for each other answer, with the time that the client took to parse it, and what was done with it at once. */
  readonly onAnswer?: OnRead
  /** Called for each request that the API server forbids, with its URL's path. */
  readonly onForbidden?: (path: string) => void
  /** What a page of a list may have. The default suits a controller. */
  readonly pageBounds?: JsonBounds
  /** Measures how long reading takes. */
  readonly clock?: Pick<Clock, 'now'>
}

type OnRead = (path: string, microseconds: number) => void

/** Takes the next part of an answer. Returns false if it needs no more of it, which ends the answer. */
export type ReadPart = (part: Uint8Array) => boolean

/** The answer is larger than it may be. Ask for fewer objects. */
export class LargeAnswerError extends Error {
  override readonly name = 'LargeAnswerError'
}

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>

/** The APIs of the client are created with its `configuration`: `new CoreV1Api(connection.configuration)`. */
export type Connection = ReturnType<typeof openConnection>

/**
 * Connects to the API server as a pod, or with `KUBECONFIG` outside one. The first request opens the connection.
 *
 * @throws Error with a sentence if neither is configured, or the kubeconfig can't be used
 */
export function openConnection({
  signal,
  timeoutMs = 10_000,
  outline = [],
  onPage = () => undefined,
  onAnswer = () => undefined,
  onForbidden = () => undefined,
  pageBounds = maxPage,
  clock = systemClock,
  ...source
}: ConnectOptions) {
  const kubeConfig = loadConfig(source)
  const server = serverOf(kubeConfig)

  const { send, serverTime, reconnect } = createSender({
    signal,
    timeoutMs,
    outline,
    onPage,
    onAnswer,
    onForbidden,
    pageBounds,
    clock,
  })
  return {
    kubeConfig,
    server: new URL(server),
    outline,
    clock,
    configuration: createConfiguration({
      baseServer: new ServerConfiguration(server, {}),
      authMethods: { default: kubeConfig },
      httpApi: wrapHttpLibrary({ send: (request) => send(request) }),
    }),
    /** Sends a request of this configuration. With `readPart`, a success is read by that, and its text is empty. */
    send,
    serverTime,
    reconnect,
  }
}

/** Sends the client's requests with a time limit, and all through one connection pool. */
function createSender({
  signal,
  timeoutMs,
  onForbidden,
  ...pages
}: Required<Omit<ConnectOptions, keyof KubeconfigSource>>) {
  // Only a cluster without a CA certificate of its own has no dispatcher.
  const { httpApi } = createConfiguration()
  let answered: { readonly serverMs: number; readonly atMs: number } | undefined
  let dispatcher: Dispatcher | undefined
  return {
    async send(request: RequestContext, readPart?: ReadPart): Promise<ResponseContext> {
      // The client has no time limit. AbortSignal.timeout would keep the whole request in memory until the time is over.
      const timeout = new AbortController()
      const timer = setTimeout(() => timeout.abort(overdue()), timeoutMs)
      request.setSignal(AbortSignal.any([signal, timeout.signal]))
      // The client would also create a connection pool for each request, and the memory of so many pools isn't freed.
      dispatcher ??= request.getDispatcher()
      const pool = dispatcher
      try {
        const { httpStatusCode, headers, body } = pool
          ? await sendThrough(pool, request, pages)
          : await httpApi.send(request).toPromise()
        if (httpStatusCode === 403) onForbidden(new URL(request.getUrl()).pathname)
        const serverMs = Date.parse(headers['date'] ?? '')
        if (!Number.isNaN(serverMs)) answered = { serverMs, atMs: systemClock.now() }
        const isInParts = readPart !== undefined && httpStatusCode < 300
        const text = isInParts ? await readParts(body.stream(), readPart) : await body.text()
        return new ResponseContext(httpStatusCode, headers, readBody(text))
      } catch (error) {
        // A failed connection isn't used again. One that another request has opened since then may work.
        const isFailed = !(error instanceof LargeAnswerError)
        if (isFailed && dispatcher === pool) dispatcher = undefined
        throw error
      } finally {
        clearTimeout(timer)
      }
    },
    /**
     * The time by the API server's clock, which verifies certificates and dates the writes of all controllers. It is the time
     * in its last answer, plus the time that has passed since. Before the first answer, it is our own time.
     */
    serverTime: () =>
      new Date(
        answered === undefined
          ? systemClock.wallTime()
          : answered.serverMs + (systemClock.now() - answered.atMs),
      ),
    /** Makes the next requests open a new connection, which reads the kubeconfig's files again. */
    reconnect() {
      dispatcher = undefined
    },
  }
}

type Reading = Required<
  Pick<ConnectOptions, 'outline' | 'onPage' | 'onAnswer' | 'pageBounds' | 'clock'>
>

/** The client's own way, fetch, takes twice as much CPU time, and follows redirects. */
async function sendThrough(dispatcher: Dispatcher, request: RequestContext, reading: Reading) {
  const { origin, pathname, search, searchParams } = new URL(request.getUrl())
  const sent = request.getBody()
  const { statusCode, headers, body } = await dispatcher.request({
    origin,
    path: pathname + search,
    method: request.getHttpMethod(),
    headers: request.getHeaders(),
    // All bodies are JSON.
    body: typeof sent === 'string' ? sent : null,
    signal: request.getSignal() ?? null,
  })
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)])
  const limit = searchParams.get('limit')
  return {
    httpStatusCode: statusCode,
    headers: Object.fromEntries(texts),
    body: {
      stream: () => body,
      text: () =>
        limit === null
          ? readAnswer(body, { ...reading, path: pathname })
          : readPage(body, { ...reading, path: pathname, isSingle: limit === '1' }),
    },
  }
}

/** Leaving the loop ends the answer. */
async function readParts(
  parts: AsyncIterable<Uint8Array> | null,
  readPart: ReadPart,
): Promise<string> {
  for await (const part of parts ?? []) if (!readPart(part)) break
  return ''
}

/** @throws LargeAnswerError if the answer is too large */
async function readAnswer(
  body: AsyncIterable<Uint8Array>,
  { onAnswer, clock, path }: Reading & { readonly path: string },
): Promise<string> {
  const json = createBoundedJson(maxAnswer, { paths: [], clock })
  try {
    for await (const chunk of body) if (!json.read(chunk)) throw new LargeAnswerError()
    const read = json.end()
    return read.kind === 'whole' ? read.text : ''
  } finally {
    onTurnEnd(clock, (rest) => onAnswer(path, json.stopwatch.microseconds() + rest))
  }
}

/**
 * Reads a page of a list. If it has a single object, which is too large, reads only the outline of that.
 *
 * @throws LargeAnswerError if a page with more than one object is too large
 */
async function readPage(
  body: AsyncIterable<Uint8Array>,
  { path, isSingle, ...reading }: Reading & { readonly path: string; readonly isSingle: boolean },
): Promise<string> {
  const { outline, onPage, pageBounds, clock } = reading
  const bounds = isSingle ? maxObject : pageBounds
  const json = createBoundedJson(bounds, { paths: pagePaths(outline), clock })
  try {
    // Leaving the loop ends the answer.
    for await (const chunk of body) if (!json.read(chunk) && !isSingle) throw new LargeAnswerError()
    const read = json.end()
    return read.kind === 'whole' ? read.text : JSON.stringify(markUnread(read.outline))
  } finally {
    onPage(path, json.stopwatch.microseconds())
  }
}

const pagePaths = (outline: readonly OutlinePath[]): readonly OutlinePath[] => [
  ['metadata', '*'],
  ...outline.map((path) => ['items', '*', ...path]),
]

const overdue = () => new DOMException('The operation was aborted due to timeout', 'TimeoutError')

const readBody = (text: string): ResponseContext['body'] => ({
  text: async () => text,
  binary: async () => Buffer.from(text),
  stream: () => null,
})

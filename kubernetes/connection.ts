import {
  createConfiguration,
  KubeConfig,
  type RequestContext,
  ResponseContext,
  ServerConfiguration,
  wrapHttpLibrary,
} from '@kubernetes/client-node'
import { printable } from '../lib/printable.ts'
import { reasonOf } from '../lib/reason-of.ts'

export interface ConnectOptions {
  /** Aborts requests in flight. */
  readonly signal: AbortSignal
  /** How long the API server may take to answer. */
  readonly timeoutMs?: number
}

/** The answer is larger than it may be. Ask for fewer objects. */
export class LargeAnswerError extends Error {
  override readonly name = 'LargeAnswerError'
}

/**
 * For an answer with more than one object, which strangers may have written. An object takes up to 3 MiB, and as values of
 * JavaScript more than twenty times as much, so a page of 50 could end the process.
 */
const maxPageBytes = 2 * 1024 * 1024

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>

/** The APIs of the client are created with its `configuration`: `new CoreV1Api(connection.configuration)`. */
export type Connection = ReturnType<typeof openConnection>

/**
 * Connects to the API server as a pod, or with `KUBECONFIG` outside one. The first request opens the connection.
 *
 * @throws Error with a sentence if neither is configured, or the kubeconfig can't be used
 */
export function openConnection({ signal, timeoutMs = 10_000 }: ConnectOptions) {
  const kubeConfig = loadConfig()
  const server = serverOf(kubeConfig)

  const { send, serverTime, reconnect } = createSender({ signal, timeoutMs })
  return {
    kubeConfig,
    server: new URL(server),
    configuration: createConfiguration({
      baseServer: new ServerConfiguration(server, {}),
      authMethods: { default: kubeConfig },
      httpApi: wrapHttpLibrary({ send }),
    }),
    serverTime,
    reconnect,
  }
}

function loadConfig(): KubeConfig {
  const kubeConfig = new KubeConfig()
  try {
    kubeConfig.loadFromDefault()
    return kubeConfig
  } catch (error) {
    const { KUBECONFIG } = process.env
    const file = KUBECONFIG ? `KUBECONFIG ${printable(KUBECONFIG, 300)}` : 'the kubeconfig'
    throw new Error(`${file} cannot be read: ${printable(reasonOf(error), 300)}`)
  }
}

/** Without any configuration, the client assumes an API server without TLS on this machine, which would never answer. */
function serverOf(kubeConfig: KubeConfig): string {
  const { server, skipTLSVerify } = kubeConfig.getCurrentCluster() ?? {}
  if (server === undefined) throw new Error('the kubeconfig names no cluster')
  const protocol = URL.canParse(server) ? new URL(server).protocol : undefined
  if (protocol === 'https:' || (protocol === 'http:' && skipTLSVerify)) return server
  throw new Error(
    server === assumedServer
      ? 'no cluster is configured: run it as a pod whose service account token is mounted, or name a kubeconfig with KUBECONFIG'
      : `the kubeconfig names the server "${printable(server)}"; expected an https URL`,
  )
}

const assumedServer = 'http://localhost:8080'

/** Sends the client's requests with a time limit, and all through one connection pool. */
function createSender({ signal, timeoutMs }: Required<ConnectOptions>) {
  // Only a cluster without a CA certificate of its own has no dispatcher.
  const { httpApi } = createConfiguration()
  let now: Date | undefined
  let dispatcher: Dispatcher | undefined
  return {
    async send(request: RequestContext): Promise<ResponseContext> {
      // The client has no time limit. AbortSignal.timeout would keep the whole request in memory until the time is over.
      const timeout = new AbortController()
      const timer = setTimeout(() => timeout.abort(overdue()), timeoutMs)
      request.setSignal(AbortSignal.any([signal, timeout.signal]))
      // The client would also create a connection pool for each request, and the memory of so many pools isn't freed.
      dispatcher ??= request.getDispatcher()
      const own = dispatcher
      try {
        const { httpStatusCode, headers, body } = own
          ? await sendThrough(own, request)
          : await httpApi.send(request).toPromise()
        const date = new Date(headers['date'] ?? '')
        if (!Number.isNaN(date.getTime())) now = date
        return new ResponseContext(httpStatusCode, headers, readBody(await body.text()))
      } catch (error) {
        // A failed connection isn't used again. One that another request has opened since then may work.
        const isFailed = !(error instanceof LargeAnswerError)
        if (isFailed && dispatcher === own) dispatcher = undefined
        throw error
      } finally {
        clearTimeout(timer)
      }
    },
    /**
     * The API server's time from its last answer, as it verifies certificates by its own clock. Our own time if it
     * didn't send any.
     */
    serverTime: () => now ?? new Date(),
    /** Makes the next requests open a new connection, which reads the kubeconfig's files again. */
    reconnect() {
      dispatcher = undefined
    },
  }
}

/** The client's own way, fetch, takes twice as much CPU time, and follows redirects. */
async function sendThrough(dispatcher: Dispatcher, request: RequestContext) {
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
  const isPage = Number(searchParams.get('limit')) > 1
  return {
    httpStatusCode: statusCode,
    headers: Object.fromEntries(texts),
    body: isPage ? { text: () => readPage(body) } : body,
  }
}

/** @throws LargeAnswerError if the page is too large */
async function readPage(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    // Leaving the loop ends the answer.
    if (bytes > maxPageBytes) throw new LargeAnswerError()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

const overdue = () => new DOMException('The operation was aborted due to timeout', 'TimeoutError')

const readBody = (text: string): ResponseContext['body'] => ({
  text: async () => text,
  binary: async () => Buffer.from(text),
  stream: () => null,
})

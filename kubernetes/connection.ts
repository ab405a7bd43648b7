import {
  createConfiguration,
  KubeConfig,
  type RequestContext,
  ResponseContext,
  ServerConfiguration,
  wrapHttpLibrary,
} from '@kubernetes/client-node'

export interface ConnectOptions {
  /** Aborts requests in flight. */
  readonly signal: AbortSignal
  /** How long the API server may take to answer. */
  readonly timeoutMs?: number
}

/** What the client's APIs are made with: `new CoreV1Api(connection.configuration)`. */
export type Connection = ReturnType<typeof openConnection>

/**
 * Connects to the API server as a pod, or with `KUBECONFIG` outside one. The first request opens the connection.
 *
 * @throws Error if there is no such configuration
 */
export function openConnection({ signal, timeoutMs = 10_000 }: ConnectOptions) {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromDefault()
  const server = kubeConfig.getCurrentCluster()?.server
  if (server === undefined) throw new Error('the kubeconfig names no cluster')

  let now: Date | undefined
  let dispatcher: ReturnType<RequestContext['getDispatcher']>
  const { httpApi } = createConfiguration()
  async function send(request: RequestContext): Promise<ResponseContext> {
    // The client has no time limit of its own. One of AbortSignal's would keep all of the request until it is over.
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(overdue()), timeoutMs)
    request.setSignal(AbortSignal.any([signal, timeout.signal]))
    // It makes a connection pool for each request, too, and the memory of so many isn't given back.
    dispatcher ??= request.getDispatcher()
    const own = dispatcher
    if (own) request.setDispatcher(own)
    try {
      const { httpStatusCode, headers, body } = await httpApi.send(request).toPromise()
      const date = new Date(headers['date'] ?? '')
      if (!Number.isNaN(date.getTime())) now = date
      return new ResponseContext(httpStatusCode, headers, readBody(await body.text()))
    } catch (error) {
      // A connection that failed isn't used again; one that another request has opened since may be good.
      if (dispatcher === own) dispatcher = undefined
      throw error
    } finally {
      clearTimeout(timer)
    }
  }
  return {
    kubeConfig,
    server: new URL(server),
    configuration: createConfiguration({
      baseServer: new ServerConfiguration(server, {}),
      authMethods: { default: kubeConfig },
      httpApi: wrapHttpLibrary({ send }),
    }),
    /** The API server's time from its last answer, as it verifies certificates by its own clock. Our time if it sent none. */
    serverTime: () => now ?? new Date(),
    /** Makes the next requests open a new connection, which reads the kubeconfig's files again. */
    reconnect() {
      dispatcher = undefined
    },
  }
}

const overdue = () => new DOMException('The operation was aborted due to timeout', 'TimeoutError')

const readBody = (text: string): ResponseContext['body'] => ({
  text: async () => text,
  binary: async () => Buffer.from(text),
  stream: () => null,
})

import {
  createConfiguration,
  KubeConfig,
  type Middleware,
  type RequestContext,
  ServerConfiguration,
} from '@kubernetes/client-node'

export interface ConnectOptions {
  /** Ends what runs. */
  readonly signal: AbortSignal
  /** How long the API server may take to answer. */
  readonly timeoutMs?: number
}

/** What the client's APIs are made with: `new CoreV1Api(connection.configuration)`. */
export type Connection = ReturnType<typeof openConnection>

/**
 * The way to the API server that a pod has, or that of `KUBECONFIG` for a laptop; opened by the first request.
 *
 * @throws Error when there is none
 */
export function openConnection({ signal, timeoutMs = 10_000 }: ConnectOptions) {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromDefault()
  const server = kubeConfig.getCurrentCluster()?.server
  if (server === undefined) throw new Error('the kubeconfig names no cluster')

  let now: Date | undefined
  let dispatcher: ReturnType<RequestContext['getDispatcher']>
  const everyRequest: Middleware = {
    pre: async (request) => {
      // The client has no time limit of its own.
      request.setSignal(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
      // It makes a connection pool for each request, too, and the memory of so many isn't given back.
      dispatcher ??= request.getDispatcher()
      if (dispatcher) request.setDispatcher(dispatcher)
      return request
    },
    post: async (response) => {
      const date = new Date(response.headers['date'] ?? '')
      if (!Number.isNaN(date.getTime())) now = date
      return response
    },
  }
  return {
    kubeConfig,
    server: new URL(server),
    configuration: createConfiguration({
      baseServer: new ServerConfiguration(server, {}),
      authMethods: { default: kubeConfig },
      promiseMiddleware: [everyRequest],
    }),
    /** Its clock is the one that certificates are verified by; where a proxy has taken the header, ours has to do. */
    serverTime: () => now ?? new Date(),
    /** The next requests share a new connection, which trusts what the kubeconfig's files then say. */
    reconnect() {
      dispatcher = undefined
    },
  }
}

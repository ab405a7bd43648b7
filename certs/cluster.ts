import {
  AdmissionregistrationV1Api,
  ApiException,
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  type Middleware,
  PatchStrategy,
  type RequestContext,
  ServerConfiguration,
  type V1MutatingWebhookConfiguration,
  type V1Secret,
} from '@kubernetes/client-node'
import type { SecretTexts } from './inspect.ts'
import { type Cluster, ConflictError, type Stored } from './look.ts'
import type { CertsSettings } from './settings.ts'

export interface ConnectOptions {
  readonly settings: CertsSettings
  /** Ends what runs. */
  readonly signal: AbortSignal
  /** How long the API server may take to answer. */
  readonly timeoutMs?: number
}

/** The entry of the webhook configuration whose `caBundle` is looked after. */
const webhookName = 'pods.akv-injector.io'
const fieldManager = 'akv-injector-certs'

/**
 * The three objects on an API server: the pod's own, or that of `KUBECONFIG` for a laptop. It gets and patches each
 * by its name and nothing else, so that its rights can be just that.
 */
export function connectCluster(options: ConnectOptions): Cluster {
  const { namespace, caSecret, tlsSecret, webhookConfiguration } = options.settings
  const { core, admission, serverTime, reconnect } = connect(options)

  const readSecret = async (name: string) =>
    storedSecret(await found(core.readNamespacedSecret({ namespace, name })))

  const patchSecret = (name: string, { content, resourceVersion }: SecretWrite) =>
    written(
      core.patchNamespacedSecret({
        namespace,
        name,
        fieldManager,
        body: { metadata: { resourceVersion }, data: mapValues(content, toBase64) },
      }),
    )

  return {
    async read() {
      reconnect()
      // One after the other, over one connection: there is no hurry.
      const authority = await readSecret(caSecret)
      const leaf = await readSecret(tlsSecret)
      const configuration = await found(
        admission.readMutatingWebhookConfiguration({ name: webhookConfiguration }),
      )
      return { now: serverTime(), authority, leaf, bundle: storedBundle(configuration) }
    },
    writeAuthority: (secret) => patchSecret(caSecret, secret),
    writeLeaf: (secret) => patchSecret(tlsSecret, secret),
    // A strategic merge patch finds the entry by its name, whatever stands around it.
    publish: ({ content, resourceVersion }) =>
      written(
        admission.patchMutatingWebhookConfiguration({
          name: webhookConfiguration,
          fieldManager,
          body: {
            metadata: { resourceVersion },
            webhooks: [{ name: webhookName, clientConfig: { caBundle: toBase64(content) } }],
          },
        }),
      ),
  }
}

type SecretWrite = Stored<Readonly<Record<string, string>>>

function connect({ signal, timeoutMs = 10_000 }: ConnectOptions) {
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
      if (request.getHttpMethod() === 'PATCH')
        request.setHeaderParam('Content-Type', PatchStrategy.StrategicMergePatch)
      return request
    },
    post: async (response) => {
      const date = new Date(response.headers['date'] ?? '')
      if (!Number.isNaN(date.getTime())) now = date
      return response
    },
  }
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(server, {}),
    authMethods: { default: kubeConfig },
    promiseMiddleware: [everyRequest],
  })
  return {
    core: new CoreV1Api(configuration),
    admission: new AdmissionregistrationV1Api(configuration),
    /** Its clock is the one that certificates are verified by; where a proxy has taken the header, ours has to do. */
    serverTime: () => now ?? new Date(),
    /** The next requests share a new connection, which trusts what the kubeconfig's files then say. */
    reconnect() {
      dispatcher = undefined
    },
  }
}

/** Undefined where there is no such object. */
async function found<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return undefined
    throw asSentence(error)
  }
}

async function written(request: Promise<unknown>): Promise<void> {
  try {
    await request
  } catch (error) {
    // 404: deleted since it was read, which the next read tells.
    if (error instanceof ApiException && (error.code === 409 || error.code === 404))
      throw new ConflictError('changed since it was read')
    throw asSentence(error)
  }
}

/** The client's own message holds all headers and the whole body. */
function asSentence(error: unknown): Error {
  if (error instanceof ApiException)
    return new Error(`the API server answered ${error.code}: ${statusMessage(error.body)}`)
  const { cause } = error as { cause?: unknown }
  const reason = cause instanceof Error ? cause : error
  return new Error(
    `cannot reach the API server: ${reason instanceof Error ? reason.message : String(reason)}`,
  )
}

function statusMessage(body: unknown): string {
  try {
    const status: unknown = typeof body === 'string' ? JSON.parse(body) : body
    const { message } = status as { message?: unknown }
    return typeof message === 'string' ? message.slice(0, 500) : 'no reason given'
  } catch {
    return 'no reason given'
  }
}

function storedSecret(secret: V1Secret | undefined): Stored<SecretTexts> | undefined {
  if (secret === undefined) return undefined
  return { content: mapValues(secret.data ?? {}, fromBase64), ...version(secret) }
}

function storedBundle(
  configuration: V1MutatingWebhookConfiguration | undefined,
): Stored<string> | undefined {
  const entry = configuration?.webhooks?.find(({ name }) => name === webhookName)
  if (configuration === undefined || entry === undefined) return undefined
  return { content: fromBase64(entry.clientConfig.caBundle ?? ''), ...version(configuration) }
}

const version = ({ metadata }: V1Secret | V1MutatingWebhookConfiguration) => ({
  resourceVersion: metadata?.resourceVersion ?? '',
})

const toBase64 = (text: string) => Buffer.from(text).toString('base64')
const fromBase64 = (text: string) => Buffer.from(text, 'base64').toString()

const mapValues = (
  record: Readonly<Record<string, string>>,
  map: (value: string) => string,
): Record<string, string> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))

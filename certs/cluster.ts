import {
  AdmissionregistrationV1Api,
  CoreV1Api,
  PatchStrategy,
  setHeaderOptions,
  type V1MutatingWebhookConfiguration,
  type V1Secret,
} from '@kubernetes/client-node'
import { asSentence, ifFound, isAnswer } from '../kubernetes/answers.ts'
import { type ConnectOptions, openConnection } from '../kubernetes/connection.ts'
import type { SecretTexts } from './inspect.ts'
import { type CertsCluster, ConflictError, type Stored } from './reconcile.ts'
import type { CertsSettings } from './settings.ts'

/** The entry of the webhook configuration whose `caBundle` the controller writes. */
const webhookName = 'pods.akv-injector.io'
const fieldManager = 'akv-injector-certs'
const strategicMerge = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch)

/**
 * Connects to the API server of the pod, or to that of `KUBECONFIG`. The only requests are get and patch of the three
 * objects by name, so the controller needs no other permissions.
 *
 * @throws Error if there is no way to an API server
 */
export function connectCertsCluster(
  options: ConnectOptions & { readonly settings: CertsSettings },
): CertsCluster {
  const { namespace, caSecret, tlsSecret, webhookConfiguration } = options.settings
  const { configuration, serverTime, reconnect } = openConnection(options)
  const core = new CoreV1Api(configuration)
  const admission = new AdmissionregistrationV1Api(configuration)

  const readSecret = async (name: string) =>
    storedSecret(await ifFound(core.readNamespacedSecret({ namespace, name })))

  const patchSecret = (name: string, { content, resourceVersion }: SecretWrite) =>
    written(
      core.patchNamespacedSecret(
        {
          namespace,
          name,
          fieldManager,
          body: { metadata: { resourceVersion }, data: mapValues(content, toBase64) },
        },
        strategicMerge,
      ),
    )

  return {
    async read() {
      reconnect()
      // One request after the other shares one connection. Nothing here is urgent.
      const authority = await readSecret(caSecret)
      const leaf = await readSecret(tlsSecret)
      const configuration = await ifFound(
        admission.readMutatingWebhookConfiguration({ name: webhookConfiguration }),
      )
      return { now: serverTime(), authority, leaf, bundle: storedBundle(configuration) }
    },
    writeAuthority: (secret) => patchSecret(caSecret, secret),
    writeLeaf: (secret) => patchSecret(tlsSecret, secret),
    // A strategic merge patch finds the entry by its name and leaves the other entries alone.
    publish: ({ content, resourceVersion }) =>
      written(
        admission.patchMutatingWebhookConfiguration(
          {
            name: webhookConfiguration,
            fieldManager,
            body: {
              metadata: { resourceVersion },
              webhooks: [{ name: webhookName, clientConfig: { caBundle: toBase64(content) } }],
            },
          },
          strategicMerge,
        ),
      ),
  }
}

type SecretWrite = Stored<Readonly<Record<string, string>>>

async function written(request: Promise<unknown>): Promise<void> {
  try {
    await request
  } catch (error) {
    // 404: the object was deleted after we read it. The next read finds that out.
    if (isAnswer(error, 404, 409)) throw new ConflictError('changed since it was read')
    throw asSentence(error)
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

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
import { type Bundles, type CertsCluster, ConflictError, type Stored } from './reconcile.ts'
import type { CertsSettings } from './settings.ts'

const fieldManager = 'akv-injector-certs'
const strategicMerge = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch)

/**
 * Connects to the API server of the pod, or to that of `KUBECONFIG`. The only requests are get and patch of the three
 * objects by name, so the controller needs no other permissions.
 *
 * @throws Error if neither is configured
 */
export function connectCertsCluster(
  options: ConnectOptions & { readonly settings: CertsSettings },
): CertsCluster {
  const { namespace, service, caSecret, tlsSecret, webhookConfiguration } = options.settings
  const { configuration, serverTime, reconnect } = openConnection(options)
  const core = new CoreV1Api(configuration)
  const admission = new AdmissionregistrationV1Api(configuration)

  const readSecret = async (name: string) =>
    storedSecret(await ifFound(core.readNamespacedSecret({ namespace, name })))
  const patchSecret = (name: string, secret: SecretWrite) => {
    const patch = { namespace, name, fieldManager, body: secretPatch(secret) }
    return written(core.patchNamespacedSecret(patch, strategicMerge))
  }

  return {
    async read() {
      reconnect()
      // One request after the other shares one connection. Nothing here is urgent.
      const authority = await readSecret(caSecret)
      const leaf = await readSecret(tlsSecret)
      const configuration = await ifFound(
        admission.readMutatingWebhookConfiguration({ name: webhookConfiguration }),
      )
      const bundles = storedBundles(configuration, { namespace, name: service })
      return { now: serverTime(), authority, leaf, bundles }
    },
    writeAuthority: (secret) => patchSecret(caSecret, secret),
    writeLeaf: (secret) => patchSecret(tlsSecret, secret),
    publish: (bundles) => {
      const patch = { name: webhookConfiguration, fieldManager, body: bundlesPatch(bundles) }
      return written(admission.patchMutatingWebhookConfiguration(patch, strategicMerge))
    },
  }
}

type SecretWrite = Stored<Readonly<Record<string, string>>>

const secretPatch = ({ content, resourceVersion }: SecretWrite) => ({
  metadata: { resourceVersion },
  data: mapValues(content, toBase64),
})

/**
 * A strategic merge patch finds the entries by their names and leaves other entries alone. An entry that was deleted
 * after we read it isn't created again, because the resourceVersion no longer matches.
 */
const bundlesPatch = ({ content, resourceVersion }: Stored<Bundles>) => ({
  metadata: { resourceVersion },
  webhooks: Object.entries(content).map(([name, pem]) => ({
    name,
    clientConfig: { caBundle: toBase64(pem) },
  })),
})

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

/** The API server verifies the certificate of our Service in every entry that calls it, so each needs the same. */
function storedBundles(
  configuration: V1MutatingWebhookConfiguration | undefined,
  called: { readonly namespace: string; readonly name: string },
): Stored<Bundles> | undefined {
  const entries = (configuration?.webhooks ?? []).filter(
    ({ clientConfig: { service } }) =>
      service?.name === called.name && service.namespace === called.namespace,
  )
  if (configuration === undefined || entries.length === 0) return undefined
  const content = Object.fromEntries(
    entries.map(({ name, clientConfig }) => [name, fromBase64(clientConfig.caBundle ?? '')]),
  )
  return { content, ...version(configuration) }
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

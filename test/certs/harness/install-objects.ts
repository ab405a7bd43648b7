import type { CertsSettings } from '../../../certs/settings.ts'
import type { Answer, Api } from '../../cluster/client/api.ts'

/** The entries that call our Service, and one that doesn't. */
export const ourEntries: readonly string[] = ['pods.akv-injector.io', 'csi-pods.akv-injector.io']
const otherEntry = 'other.example.com'

/** The objects of an install, and the changes that people make to them with kubectl. */
export function objectsOf(api: Api, settings: CertsSettings) {
  const secrets = `/api/v1/namespaces/${settings.namespace}/secrets`
  const configurations = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
  const configurationPath = `${configurations}/${settings.webhookConfiguration}`
  const get = async (path: string) => must(await api.call({ method: 'GET', path }))
  const patch = (path: string, body: object) =>
    api.call({
      method: 'PATCH',
      path,
      body,
      contentType: 'application/strategic-merge-patch+json',
    })
  const remove = (path: string) => api.call({ method: 'DELETE', path })
  const createSecret = async (name: string) =>
    must(
      await api.call({
        method: 'POST',
        path: secrets,
        body: { apiVersion: 'v1', kind: 'Secret', metadata: { name } },
      }),
    )
  const secret = async (name: string) => {
    const { data = {} } = (await get(`${secrets}/${name}`)).body as { data?: object }
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    )
  }
  const configuration = async () =>
    (await get(configurationPath)).body as unknown as WebhookConfiguration
  const paths = [
    `${secrets}/${settings.caSecret}`,
    `${secrets}/${settings.tlsSecret}`,
    configurationPath,
  ]

  return {
    secret,
    createSecret,
    configuration,
    removeSecret: (name: string) => remove(`${secrets}/${name}`),
    removeConfiguration: () => remove(configurationPath),
    patchSecret: async (name: string, data: Readonly<Record<string, string | null>>) =>
      must(await patch(`${secrets}/${name}`, { data })),
    setCaBundle: (caBundle: string | null, entries = ourEntries) =>
      patch(configurationPath, {
        webhooks: entries.map((name) => ({ name, clientConfig: { caBundle } })),
      }),
    removeEntry: async (name: string) =>
      must(await patch(configurationPath, { webhooks: [{ $patch: 'delete', name }] })),
    addEntry: async (name: string) =>
      must(await patch(configurationPath, { webhooks: [entryOf(name, settings)] })),
    async create() {
      await createSecret(settings.caSecret)
      await createSecret(settings.tlsSecret)
      const body = configurationObject(settings)
      must(await api.call({ method: 'POST', path: configurations, body }))
    },
    async remove() {
      for (const path of paths) await remove(path)
    },
    versions: () =>
      Promise.all(paths.map(async (path) => (await get(path)).body.metadata['resourceVersion'])),
    async content() {
      const { webhooks } = await configuration()
      const published = webhooks
        .filter(({ name }) => ourEntries.includes(name))
        .map(({ clientConfig }) => clientConfig.caBundle ?? '')
      const [caBundle = '', ...others] = new Set(published)
      if (others.length > 0) throw new Error('the entries have different authorities')
      const caPem = Buffer.from(caBundle, 'base64').toString()
      return { leaf: await secret(settings.tlsSecret), caPem }
    },
  }
}

interface WebhookConfiguration {
  readonly metadata: object
  readonly webhooks: readonly {
    readonly name: string
    readonly clientConfig: { readonly caBundle?: string }
  }[]
}

const configurationObject = (settings: CertsSettings) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: settings.webhookConfiguration, labels: { 'akv-injector.test': 'certs' } },
  webhooks: [
    entryOf(otherEntry, { ...settings, service: 'another-webhook' }),
    ...ourEntries.map((name) => entryOf(name, settings)),
  ],
})

/** Its rule matches a resource that no cluster has, so it delays no request. */
const entryOf = (name: string, { namespace, service }: CertsSettings) => ({
  name,
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  clientConfig: { service: { name: service, namespace, path: '/mutate', port: 443 } },
  rules: [
    {
      apiGroups: ['certs-test.example.com'],
      apiVersions: ['v1'],
      operations: ['CREATE'],
      resources: ['nothings'],
      scope: 'Namespaced',
    },
  ],
})

export function withoutCaBundle({ webhooks }: WebhookConfiguration) {
  return webhooks.map((webhook) => {
    const { caBundle, ...clientConfig } = webhook.clientConfig
    const isExpected = caBundle === undefined || ourEntries.includes(webhook.name)
    return { ...webhook, clientConfig, isExpected }
  })
}

function must(answer: Answer): Answer {
  if (answer.status < 300) return answer
  throw new Error(`the API server answers ${answer.status}: ${answer.body.message}`)
}

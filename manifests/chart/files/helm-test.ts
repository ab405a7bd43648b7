// `helm test` runs this program in a pod. It checks the versions of the nodes. Then it sends the webhook reviews as the
// API server would: over TLS, to the address and with the caBundle of each entry of the webhook configuration.

import { readFileSync } from 'node:fs'
import { request } from 'node:https'

interface Answer {
  readonly status: number
  readonly body: string
}

const { KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT, ACCOUNT_FOLDER } = process.env
const { OLDEST_NODE, FAST_START } = process.env
interface KubeletFault {
  readonly from: string
  readonly fixedIn: string
  readonly consequence: string
  readonly reference: string
}
const kubeletFaults: readonly KubeletFault[] = JSON.parse(process.env['KUBELET_FAULTS'] ?? '[]')
/** Whether the webhook answers only API servers, by their certificates. The test has none. */
const refusesStrangers = process.env['CLIENT_CERTIFICATES'] === 'true'
const minorOf = (version = '') => Number(/^v?1\.(\d+)/.exec(version)?.[1])

const fromAccount = (name: string) => readFileSync(`${ACCOUNT_FOLDER}/${name}`, 'utf8')

function send(
  url: string,
  options: {
    readonly ca: string
    readonly token?: string
    readonly body?: object
    /** The name that the certificate must be for; the host of the URL if absent. */
    readonly servername?: string
  },
) {
  const { ca, token, body, servername } = options
  return new Promise<Answer>((resolve, reject) => {
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    }
    const sent = request(
      url,
      {
        ca,
        headers,
        method: body ? 'POST' : 'GET',
        timeout: 10_000,
        ...(servername && { servername }),
      },
      async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        resolve({ status: response.statusCode ?? 0, body: text })
      },
    )
    sent.on('timeout', () => sent.destroy(new Error('no response within 10 s')))
    sent.on('error', reject)
    sent.end(body && JSON.stringify(body))
  })
}

const inUrl = (address = '') => (address.includes(':') ? `[${address}]` : address)

async function ask(path: string) {
  const url = `https://${inUrl(KUBERNETES_SERVICE_HOST)}:${KUBERNETES_SERVICE_PORT}${path}`
  const { status, body } = await send(url, {
    ca: fromAccount('ca.crt'),
    token: fromAccount('token'),
  })
  if (status !== 200) throw new Error(`the API server answered ${status} to ${path}: ${body}`)
  return JSON.parse(body)
}

/** Minor and patch of a version as one number. */
function rankOf(version: string): number {
  const [, minor = '', patch = ''] = /^v?1\.(\d+)\.(\d+)/.exec(version) ?? []
  return Number(minor) * 1000 + Number(patch)
}

/** Known faults of kubelets: the install is fine, so they are warnings. */
function warnOfFaults(versions: readonly (readonly [string, string])[]) {
  for (const { from, fixedIn, consequence, reference } of kubeletFaults) {
    const affected = versions.filter(
      ([, version]) => rankOf(version) >= rankOf(from) && rankOf(version) < rankOf(fixedIn),
    )
    const [first, ...others] = affected
    if (first === undefined) continue
    const more = others.length === 0 ? '' : ` and ${others.length} more`
    console.log(
      `WARNING: ${consequence}. This fault is in the kubelets of ${first.join(' ')}${more}; ${fixedIn} fixes it (${reference})`,
    )
  }
}

/** A kubelet older than 1.35 silently ignores fileKeyRef and leaves the variables empty, unless the webhook refuses env. */
async function checkNodes() {
  const { items } = await ask('/api/v1/nodes')
  const versions: readonly (readonly [string, string])[] = items.map(
    (node: { metadata: { name: string }; status: { nodeInfo: { kubeletVersion: string } } }) => [
      node.metadata.name,
      node.status.nodeInfo.kubeletVersion,
    ],
  )
  warnOfFaults(versions)
  const old = versions.filter(([, version]) => minorOf(version) < minorOf(OLDEST_NODE))
  if (old.length > 0)
    throw new Error(
      `nodes older than ${OLDEST_NODE} ${consequence()}: ${old.map((node) => node.join(' ')).join(', ')}`,
    )
  return `all ${versions.length} nodes run Kubernetes ${OLDEST_NODE} or later`
}

function consequence(): string {
  if (FAST_START === 'true')
    return 'start apps before their files are there, and leave the variables of env empty (set agent.fastStart to false, and kubernetesVersion to have pods with env refused)'
  return OLDEST_NODE === '1.35'
    ? 'leave the variables of env empty (set kubernetesVersion to have such pods refused)'
    : 'are not supported'
}

interface Entry {
  readonly clientConfig: {
    readonly caBundle?: string
    readonly service: {
      readonly namespace: string
      readonly name: string
      readonly port: number
      readonly path: string
    }
  }
}

async function readEntries(): Promise<readonly Entry[]> {
  const { webhooks } = await ask(
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/zz-akv-injector',
  )
  return webhooks
}

async function sendReview({ clientConfig }: Entry, pod: object) {
  const { caBundle, service } = clientConfig
  if (!caBundle)
    throw new Error(
      'the webhook configuration has no caBundle yet: check the log of the controller that issues the certificate',
    )
  const { spec } = await ask(`/api/v1/namespaces/${service.namespace}/services/${service.name}`)
  // Uses the cluster IP, as the API server does: admission works even if the cluster's DNS doesn't.
  return await send(`https://${inUrl(spec.clusterIP)}:${service.port}${service.path}`, {
    ca: Buffer.from(caBundle, 'base64').toString(),
    servername: `${service.name}.${service.namespace}.svc`,
    body: reviewOf(pod),
  })
}

/** Sends a review to the webhook, and returns the response in its answer. */
async function askWebhook(entry: Entry, pod: object) {
  const answer = await sendReview(entry, pod)
  const { response } = answer.status === 200 ? JSON.parse(answer.body) : {}
  if (response?.uid !== reviewUid || (response.allowed && !response.patch))
    throw new Error(`the webhook answered ${answer.status}: ${answer.body}`)
  return response
}

/** The webhook serves a certificate that the API server trusts, and adds the agent to an annotated pod. */
async function checkWebhook() {
  if (refusesStrangers) return await checkRefusal()
  // A denial counts as success too: the administrator may have limited the vaults that namespaces may name.
  for (const entry of await readEntries()) await askWebhook(entry, annotatedPod)
  return 'the webhook responds correctly, over TLS that the API server trusts'
}

/** With webhook.clientCertificates, the test can only see that it is refused. */
async function checkRefusal() {
  for (const entry of await readEntries()) {
    const { status, body } = await sendReview(entry, annotatedPod)
    if (status !== 403 || !body.includes('found no client certificate'))
      throw new Error(
        `the webhook answered a caller without a client certificate: ${status} ${body}`,
      )
  }
  return 'the webhook refuses callers without a client certificate, over TLS that the API server trusts'
}

/** With csi.namespaces, the webhook has the permission and the network access to look up classes. */
async function checkLookups() {
  if (refusesStrangers) return undefined
  const entry = (await readEntries()).find(
    ({ clientConfig }) => clientConfig.service.path === '/mutate/csi',
  )
  if (entry === undefined) return undefined
  const { allowed, status } = await askWebhook(entry, podWithVolume)
  if (!allowed && !status?.message?.includes('has no such SecretProviderClass'))
    throw new Error(`the webhook can't look up classes: ${status?.message}`)
  return 'the webhook can look up SecretProviderClasses'
}

const reviewUid = 'helm-test'
const reviewOf = (object: object) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: reviewUid,
    operation: 'CREATE',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    namespace: 'helm-test',
    dryRun: true,
    object,
  },
})

const podOf = (metadata: object, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'helm-test', ...metadata },
  spec: { containers: [{ name: 'app', image: 'app' }], ...spec },
})

const annotatedPod = podOf({
  annotations: { 'akv-injector.io/vault': 'helm-test', 'akv-injector.io/secrets': 'helm-test' },
})

const podWithVolume = podOf(
  {},
  {
    volumes: [
      {
        name: 'helm-test',
        csi: {
          driver: 'secrets-store.csi.k8s.io',
          readOnly: true,
          volumeAttributes: { secretProviderClass: 'helm-test' },
        },
      },
    ],
  },
)

for (const check of [checkNodes, checkWebhook, checkLookups])
  try {
    const result = await check()
    if (result) console.log(`ok: ${result}`)
  } catch (error) {
    console.error(`FAILED: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }

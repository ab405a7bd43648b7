import type { Confirmed } from '../../command/said.ts'
import { isAnswer } from '../../kubernetes/answers.ts'
import { isObject, type JsonObject, objectAt, objectsAt, valueAt } from '../../lib/shape.ts'
import { groupOf, type Kind, listAll } from './list-all.ts'
import { mayRead } from './may-read.ts'
import { asClusterError, type Cluster } from './open-cluster.ts'

/** The Deployments that run the webhook, and how we know. */
export type Webhooks = Confirmed<readonly JsonObject[]>

const admission = 'admissionregistration.k8s.io'
const configurations: Kind = {
  kind: 'MutatingWebhookConfiguration',
  api: `apis/${admission}/v1`,
  resource: 'mutatingwebhookconfigurations',
}
const deployments: Kind = { kind: 'Deployment', api: 'apis/apps/v1', resource: 'deployments' }
/** The chart's label. It is only trusted in a namespace that the caller names. */
const webhookLabel = { 'app.kubernetes.io/component': 'webhook' }

/**
 * The entries of a webhook configuration that are ours. Their names have fixed suffixes, which no chart value can
 * change.
 */
export const ourEntries = (configuration: unknown): readonly JsonObject[] =>
  objectsAt(configuration, 'webhooks').filter(({ name }) =>
    String(name).endsWith('pods.akv-injector.io'),
  )

type ReadingCluster = Pick<Cluster, 'get' | 'post' | 'notices'>

/**
 * Finds the Deployments of the webhook that the API server calls: by the Service in the webhook configuration, and its
 * selector. A label alone proves nothing, because whoever may create Deployments in some namespace can set it. If the
 * caller may not read the configuration, the Deployments with the label in the namespace that the caller names count.
 *
 * @returns undefined if the caller may not read what is needed; a notice says so
 */
export async function findWebhooks(
  cluster: ReadingCluster,
  { installNamespace }: { readonly installNamespace?: string | undefined },
): Promise<Webhooks | undefined> {
  const silently = { ...cluster, notices: { ...cluster.notices, refused: () => undefined } }
  const asking = installNamespace === undefined ? cluster : silently
  const right = {
    what: 'the webhook configuration, which leads to the agent’s image,',
    group: admission,
    resource: configurations.resource,
  }
  if (await mayRead(asking, right)) {
    const services = await listServices(cluster, installNamespace)
    const found = await Promise.all(services.map((service) => deploymentsOf(cluster, service)))
    return found.includes(undefined)
      ? undefined
      : { by: 'apiServer', value: found.flatMap((list) => list ?? []) }
  }
  if (installNamespace === undefined) return undefined
  const value = await running(cluster, { namespace: installNamespace, selector: webhookLabel })
  return value && { by: 'options', value }
}

interface Service {
  readonly namespace: string
  readonly name: string
}

/** The Services that the API server sends reviews to, each once. */
async function listServices(
  cluster: ReadingCluster,
  installNamespace: string | undefined,
): Promise<readonly Service[]> {
  const found = new Map<string, Service>()
  await listAll(cluster, configurations, {
    namespace: undefined,
    onObject: (configuration) => {
      for (const entry of ourEntries(configuration)) {
        const { namespace, name } = objectAt(entry, 'clientConfig', 'service')
        if (typeof namespace === 'string' && typeof name === 'string')
          found.set(`${namespace}/${name}`, { namespace, name })
      }
    },
  })
  return [...found.values()].filter(
    ({ namespace }) => installNamespace === undefined || namespace === installNamespace,
  )
}

async function deploymentsOf(
  cluster: ReadingCluster,
  { namespace, name }: Service,
): Promise<readonly JsonObject[] | undefined> {
  const right = { what: 'the Service of the webhook', verb: 'get', group: '', resource: 'services' }
  if (!(await mayRead(cluster, { ...right, namespace, name }))) return undefined
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`
    const selector = objectAt(await cluster.get(path), 'spec', 'selector')
    return await running(cluster, { namespace, selector })
  } catch (error) {
    if (isAnswer(error, 404)) return []
    throw asClusterError(`Service ${namespace}/${name}`, error)
  }
}

/** The Deployments whose pods match these labels. A Deployment without replicas runs nothing. */
async function running(
  cluster: ReadingCluster,
  { namespace, selector }: { readonly namespace: string; readonly selector: JsonObject },
): Promise<readonly JsonObject[] | undefined> {
  const wanted = Object.entries(selector)
  const what = 'the Deployment of the webhook, which has the agent’s image,'
  const right = { what, group: groupOf(deployments), resource: deployments.resource, namespace }
  // A Service without a selector doesn't tell which pods it leads to.
  if (wanted.length === 0) return []
  if (!(await mayRead(cluster, right))) return undefined
  const found: JsonObject[] = []
  await listAll(cluster, deployments, {
    namespace,
    onObject: (deployment) => {
      const labels = objectAt(deployment, 'spec', 'template', 'metadata', 'labels')
      const isSelected = wanted.every(([key, value]) => labels[key] === value)
      if (isObject(deployment) && isSelected && valueAt(deployment, 'spec', 'replicas') !== 0)
        found.push(deployment)
    },
  })
  return found
}

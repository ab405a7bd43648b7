import { setTimeout as delay } from 'node:timers/promises'
import { connect, type KubeObject } from '../../client/api.ts'
import { type Cluster, clusterOf } from '../../client/cluster.ts'

/**
 * Starts {@link mirrorEndpoints} if the cluster's version needs it.
 *
 * @returns a function that ends it
 */
export async function mirrorIfNeeded(kubeconfigFile: string): Promise<() => Promise<void>> {
  const cluster = clusterOf(connect(kubeconfigFile))
  const stop = new AbortController()
  const ended =
    (await cluster.version()) === '1.33' ? mirrorEndpoints(cluster, stop.signal) : undefined
  return async () => {
    stop.abort()
    await ended
    cluster.close()
  }
}

/**
 * Copies the EndpointSlices of the webhook's Service into its Endpoints, until the signal aborts. The API server of
 * Kubernetes 1.33 finds webhooks by Endpoints. Kubernetes' own controller would overwrite those of the tests.
 */
export async function mirrorEndpoints(
  cluster: Pick<Cluster, 'list' | 'apply'>,
  stop: AbortSignal,
): Promise<void> {
  let last: string | undefined
  while (!stop.aborted) {
    const slices = await cluster.list(sliceOfWebhook).catch(() => undefined)
    const subsets = slices && (slices as unknown as readonly EndpointSlice[]).flatMap(subsetsOf)
    const text = JSON.stringify(subsets)
    if (subsets && text !== last) {
      const { status } = await cluster
        .apply({ ...endpointsOfWebhook, subsets })
        .catch(() => ({ status: 0 }))
      // The namespace may not exist yet, or no longer.
      last = status === 200 || status === 201 ? text : undefined
    }
    await delay(50)
  }
}

interface EndpointSlice extends KubeObject {
  readonly ports?: readonly object[]
  readonly endpoints?: readonly {
    readonly addresses: readonly string[]
    readonly conditions?: { readonly ready?: boolean }
  }[]
}

function subsetsOf({ metadata, ports = [], endpoints }: EndpointSlice) {
  const { labels } = metadata as { labels?: Readonly<Record<string, string>> }
  if (labels?.['kubernetes.io/service-name'] !== name) return []
  const addresses = (endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses.map((ip) => ({ ip })))
  return addresses.length > 0 ? [{ addresses, ports }] : []
}

const namespace = 'akv-injector'
const name = 'akv-injector-webhook'
const sliceOfWebhook: KubeObject = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace },
}
const endpointsOfWebhook: KubeObject = {
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { namespace, name },
}

import { networkInterfaces } from 'node:os'
import type { KubeObject } from '../../client/api.ts'
import { type Cluster, until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'

/**
 * Returns the address at which the cluster reaches servers of the tests: CLUSTER_TESTS_ADDRESS, or this machine's first
 * address. Kubernetes accepts no loopback address as an endpoint.
 */
export function ownAddress(env = process.env): string {
  const { CLUSTER_TESTS_ADDRESS } = env
  if (CLUSTER_TESTS_ADDRESS) return CLUSTER_TESTS_ADDRESS
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)
  if (!found)
    throw new Error(
      'this machine has only loopback IPv4 addresses, at which a cluster can not reach the webhook; set CLUSTER_TESTS_ADDRESS',
    )
  return found.address
}

export interface Endpoint {
  /** Removes the endpoint, as for a pod that terminates: it gets no new connections. */
  remove(): Promise<void>
}

/** Adds a server of this process to the endpoints of the webhook's Service, like a ready pod. */
export async function addEndpoint(cluster: Cluster, port: number): Promise<Endpoint> {
  const slice: KubeObject = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: 'akv-injector',
      name: `akv-injector-cluster-tests-${port}`,
      labels: {
        'kubernetes.io/service-name': 'akv-injector-webhook',
        // The endpoint slice controller leaves slices of another manager alone.
        'endpointslice.kubernetes.io/managed-by': 'akv-injector-cluster-tests',
      },
    },
    addressType: 'IPv4',
    ports: [{ name: 'https', port, protocol: 'TCP' }],
    endpoints: [{ addresses: [ownAddress()], conditions: { ready: true } }],
  }
  expectSuccess(await cluster.apply(slice))
  let removed: Promise<unknown> | undefined
  return {
    async remove() {
      removed ??= cluster.delete(slice).then(async (answer) => {
        expectSuccess(answer)
        await until(async () => !(await isInEndpoints(cluster, port)))
      })
      await removed
    },
  }
}

/** Kubernetes 1.33 finds webhooks by Endpoints, which a local cluster copies from the slices a moment later. */
async function isInEndpoints(cluster: Cluster, port: number): Promise<boolean> {
  const { body } = await cluster.get({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { namespace: 'akv-injector', name: 'akv-injector-webhook' },
  })
  const { subsets = [] } = body as {
    readonly subsets?: readonly { readonly ports: readonly { readonly port: number }[] }[]
  }
  return subsets.some(({ ports }) => ports.some((served) => served.port === port))
}

import { networkInterfaces } from 'node:os'
import type { KubeObject } from '../../client/api.ts'
import type { Cluster } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'

/**
 * Where the cluster reaches servers of the tests: CLUSTER_TESTS_ADDRESS, else this machine's first address.
 * Not loopback, which Kubernetes doesn't take for an end point.
 */
export function ownAddress(env = process.env): string {
  const { CLUSTER_TESTS_ADDRESS } = env
  if (CLUSTER_TESTS_ADDRESS) return CLUSTER_TESTS_ADDRESS
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)
  if (!found)
    throw new Error(
      'this machine has no IPv4 address but loopback, where a cluster could not reach the webhook; CLUSTER_TESTS_ADDRESS can name one',
    )
  return found.address
}

export interface Endpoint {
  /** As a pod that is leaving: no new connection goes there. */
  remove(): Promise<void>
}

/** Makes a server of this process one of the end points of the webhook's Service, as a ready pod would be. */
export async function addEndpoint(cluster: Cluster, port: number): Promise<Endpoint> {
  const slice: KubeObject = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: 'akv-injector',
      name: `akv-injector-cluster-tests-${port}`,
      labels: {
        'kubernetes.io/service-name': 'akv-injector-webhook',
        // Somebody else's than the controller's, which therefore leaves it alone.
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
      removed ??= cluster.delete(slice).then(expectSuccess)
      await removed
    },
  }
}

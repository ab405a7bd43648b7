import type { KubeObject } from '../client/api.ts'
import type { Cluster } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'

/**
 * Makes the discovery document and the keys of service account tokens anybody's to read, as they are on AKS.
 *
 * @returns what takes it back
 */
export async function publishIssuerKeys(cluster: Cluster): Promise<() => Promise<unknown>> {
  // Applied, as a file that was killed has left it.
  expectSuccess(await cluster.apply(issuerKeysBinding))
  return () => cluster.delete(issuerKeysBinding)
}

const apiGroup = 'rbac.authorization.k8s.io'
/** What a file that is killed leaves in the cluster. */
export const issuerKeysBinding: KubeObject = {
  apiVersion: `${apiGroup}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: 'akv-injector-cluster-tests' },
  roleRef: { apiGroup, kind: 'ClusterRole', name: 'system:service-account-issuer-discovery' },
  subjects: [{ apiGroup, kind: 'Group', name: 'system:unauthenticated' }],
}

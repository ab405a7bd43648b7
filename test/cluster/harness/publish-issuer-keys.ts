import type { KubeObject } from '../client/api.ts'
import type { Cluster } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'

/**
 * Lets anyone read the issuer's discovery document and keys for service account tokens, as on AKS.
 *
 * @returns a function that revokes that
 */
export async function publishIssuerKeys(cluster: Cluster): Promise<() => Promise<unknown>> {
  // Applied rather than created: a test file that was killed leaves it behind.
  expectSuccess(await cluster.apply(issuerKeysBinding))
  return () => cluster.delete(issuerKeysBinding)
}

const apiGroup = 'rbac.authorization.k8s.io'
/** A test file that is killed leaves this object in the cluster. */
export const issuerKeysBinding: KubeObject = {
  apiVersion: `${apiGroup}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: 'akv-injector-cluster-tests' },
  roleRef: { apiGroup, kind: 'ClusterRole', name: 'system:service-account-issuer-discovery' },
  subjects: [{ apiGroup, kind: 'Group', name: 'system:unauthenticated' }],
}

import type { Test } from 'tap'
import { accountKubeconfig } from '../../client/account-kubeconfig.ts'
import { connect } from '../../client/api.ts'
import type { OpenNode } from './open-node.ts'

/** Returns the kubeconfig of an account that has only the ClusterRole `view` in a namespace. */
export async function viewerOf(t: Test, node: OpenNode, namespace: string): Promise<string> {
  const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
  const name = 'viewer'
  const rbac = 'rbac.authorization.k8s.io'
  await node.apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    {
      ...{ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata: { name, namespace } },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  )
  const api = connect(kubeconfigFile)
  t.teardown(() => api.close())
  return await accountKubeconfig({
    ...{ api, kubeconfigFile, folder: t.testdir() },
    account: { name, namespace },
  })
}

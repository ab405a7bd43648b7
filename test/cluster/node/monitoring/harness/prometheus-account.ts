import type { KubeObject } from '../../../client/api.ts'

/** An account that may list the targets of the chart's monitors, and do no more. */
export function prometheusAccount(namespace: string): readonly KubeObject[] {
  const name = 'prometheus'
  const subjects = [{ kind: 'ServiceAccount', name, namespace }]
  const roleRef = (kind: string) => ({ apiGroup, kind, name: ownName })
  const ofCluster = { name: ownName }
  const ofComponents = { name: ownName, namespace: 'akv-injector' }
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    role('ClusterRole', ofCluster, [rule('', 'pods')]),
    binding('ClusterRoleBinding', ofCluster, { roleRef: roleRef('ClusterRole'), subjects }),
    role('Role', ofComponents, [rule('', 'services'), rule('discovery.k8s.io', 'endpointslices')]),
    binding('RoleBinding', ofComponents, { roleRef: roleRef('Role'), subjects }),
  ]
}

const apiGroup = 'rbac.authorization.k8s.io'
const ownName = 'akv-injector-test-prometheus'

const rule = (group: string, resource: string) => ({
  apiGroups: [group],
  resources: [resource],
  verbs: ['list'],
})

const role = (
  kind: string,
  metadata: KubeObject['metadata'],
  rules: readonly object[],
): KubeObject => ({
  apiVersion: `${apiGroup}/v1`,
  kind,
  metadata,
  rules,
})

const binding = (kind: string, metadata: KubeObject['metadata'], fields: object): KubeObject => ({
  apiVersion: `${apiGroup}/v1`,
  kind,
  metadata,
  ...fields,
})

import type { KubeObject } from '../../client/api.ts'

const apiVersion = 'rbac.authorization.k8s.io/v1'
const name = 'akv-injector-sync'

/** The Role and the RoleBinding with which the owner of a namespace enables these accounts for Secret sync. */
export function teamRoles(
  namespace: string,
  resourceNames: readonly string[],
): readonly KubeObject[] {
  const metadata = { name, namespace }
  const rules = [
    { apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames, verbs: ['create'] },
    { apiGroups: [''], resources: ['serviceaccounts'], resourceNames, verbs: ['patch'] },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'create', 'patch', 'delete'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create'] },
  ]
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }
  const subjects = [{ kind: 'ServiceAccount', name, namespace: 'akv-injector' }]
  return [
    { apiVersion, kind: 'Role', metadata, rules },
    { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects },
  ]
}

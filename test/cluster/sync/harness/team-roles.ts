import { syncRolesFor } from '../../../../repository/rbac/role.ts'
import type { KubeObject } from '../../client/api.ts'

/** What `akv-injector rbac` prints for accounts of a namespace, so that its owner enables them for Secret sync. */
export const teamRoles = (namespace: string, accounts: readonly string[]): readonly KubeObject[] =>
  syncRolesFor(namespace, accounts, {
    controllerNamespace: 'akv-injector',
    watch: 'cluster',
    classes: false,
    externalSecrets: false,
  })

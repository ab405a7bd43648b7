import { syncRolesFor } from '../../../../cli/rbac/role.ts'
import type { KubeObject } from '../../client/api.ts'

/** What `akv-injector rbac` prints for these accounts: their owner applies it to enable them for Secret sync. */
export const teamRoles = (namespace: string, accounts: readonly string[]): readonly KubeObject[] =>
  syncRolesFor(namespace, accounts, {
    watch: 'cluster',
    classes: false,
    externalSecrets: false,
    controllerNamespace: 'akv-injector',
  }) as readonly KubeObject[]

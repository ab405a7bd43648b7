import { syncRolesFor } from '../../repository/rbac/role.ts'
import { clusterObject } from './cluster-object.ts'
import { type AccountName, accountNames, type Facts, namespaceName } from './facts.ts'
import type { Made } from './made.ts'
import type { MakeStep, Resource } from './resource.ts'

interface NamespaceOptions {
  readonly facts: Facts
  /** Without it, pods use the tenant of the install. */
  readonly tenantId?: string
}

/** The namespace of all scenarios. Everything else in it is removed with it. */
export function namespaceResource(options: NamespaceOptions): Resource {
  const namespace = clusterObject({
    ...{ kind: 'namespace', name: namespaceName, type: 'namespace' },
    sentence: `a namespace ${namespaceName} with four ServiceAccounts and a Role for Secret sync; all scenarios run in it`,
    objectOf: () => ({ apiVersion: 'v1', kind: 'Namespace' }),
  })
  const content: MakeStep = {
    call: (made) => ({
      tool: 'kubectl',
      args: ['apply', '--request-timeout=60s'],
      objects: namespaceObjects(options, made),
    }),
  }
  return { ...namespace, make: [...namespace.make, content] }
}

function namespaceObjects({ facts, tenantId }: NamespaceOptions, { clientIds }: Made) {
  const namespace = namespaceName
  return [
    ...accountNames.map((name) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name,
        namespace,
        annotations: {
          'azure.workload.identity/client-id': clientIds[name] ?? '',
          ...(tenantId !== undefined && { 'azure.workload.identity/tenant-id': tenantId }),
        },
      },
    })),
    ...syncRoles(facts),
  ]
}

/**
 * What lets the controller write the Secrets of the scenarios.
 *
 * @param rollouts - the accounts whose workloads it may roll out, too
 */
export const syncRoles = (
  { installNamespace }: Pick<Facts, 'installNamespace'>,
  rollouts: readonly AccountName[] = [],
) =>
  syncRolesFor(namespaceName, ['sync'], {
    controllerNamespace: installNamespace,
    watch: 'cluster',
    classes: true,
    externalSecrets: true,
    rollouts,
  })

import { syncRolesFor } from '../../repository/rbac/role.ts'
import { accountNames, type Facts, mark, namespaceName } from './facts.ts'
import type { Made } from './made.ts'
import type { Resource } from './resource.ts'

interface NamespaceOptions {
  readonly facts: Facts
  /** Without it, pods use the tenant of the install. */
  readonly tenantId?: string
}

/** The namespace of all scenarios. Everything else in it is removed with it. */
export const namespaceResource = (options: NamespaceOptions): Resource => ({
  kind: 'namespace',
  name: namespaceName,
  sentence: `a namespace ${namespaceName} with four ServiceAccounts and a Role for Secret sync; all scenarios run in it`,
  make: [
    {
      // Unlike `apply`, this never puts our label on a namespace that exists.
      call: {
        tool: 'kubectl',
        args: ['create', '--request-timeout=60s'],
        objects: [
          {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: { name: namespaceName, labels: { [mark[0]]: mark[1] } },
          },
        ],
      },
    },
    {
      call: (made) => ({
        tool: 'kubectl',
        args: ['apply', '--request-timeout=60s'],
        objects: namespaceObjects(options, made),
      }),
    },
  ],
  find: {
    by: 'object',
    call: {
      tool: 'kubectl',
      args: ['get', 'namespace', namespaceName, '--ignore-not-found', '--output=json'],
    },
    mark: { at: ['metadata', 'labels'], key: mark[0], value: mark[1] },
  },
  remove: [
    {
      tool: 'kubectl',
      args: ['delete', 'namespace', namespaceName, '--ignore-not-found', '--timeout=150s'],
    },
  ],
})

function namespaceObjects({ facts, tenantId }: NamespaceOptions, { clientIds }: Made) {
  const namespace = namespaceName
  const syncRoles = syncRolesFor(namespace, ['sync'], {
    controllerNamespace: facts.installNamespace,
    watch: 'cluster',
    classes: true,
    externalSecrets: true,
  })
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
    ...syncRoles,
  ]
}

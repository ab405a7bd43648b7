import { parseAllDocuments, stringify } from 'yaml'

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}
interface PrintedObject {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly rules?: readonly Rule[]
}

/** An account that requests a Secret. */
export const account = (
  name: string,
  {
    namespace = 'team-a',
    annotations = {},
  }: {
    readonly namespace?: string
    readonly annotations?: Readonly<Record<string, string>>
  } = {},
): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name,
      namespace,
      annotations: {
        'akv-injector.io/vault': 'team-a',
        'akv-injector.io/sync': '- { secret: db, data: password=db }',
        ...annotations,
      },
    },
  })

/** A store that names an account, and an ExternalSecret that uses the store. */
export function store(account: string): string {
  const apiVersion = 'external-secrets.io/v1'
  const metadata = { name: 'db', namespace: 'team-a' }
  const azurekv = {
    authType: 'WorkloadIdentity',
    vaultUrl: 'https://team-a.vault.azure.net',
    serviceAccountRef: { name: account },
  }
  return [
    { apiVersion, kind: 'SecretStore', metadata, spec: { provider: { azurekv } } },
    {
      apiVersion,
      kind: 'ExternalSecret',
      metadata,
      spec: {
        secretStoreRef: { name: 'db', kind: 'SecretStore' },
        data: [{ secretKey: 'password', remoteRef: { key: 'db' } }],
      },
    },
  ]
    .map((object) => stringify(object))
    .join('---\n')
}

/** A class that requests a Secret and names no client. */
export const csiClass = (): string =>
  stringify({
    apiVersion: 'secrets-store.csi.x-k8s.io/v1',
    kind: 'SecretProviderClass',
    metadata: { name: 'kv', namespace: 'team-a' },
    spec: {
      provider: 'azure',
      parameters: {
        keyvaultName: 'team-a',
        tenantId: '11111111-1111-1111-1111-111111111111',
        objects: 'array:\n  - |\n    objectName: db\n    objectType: secret\n',
      },
      secretObjects: [
        { secretName: 'other', type: 'Opaque', data: [{ objectName: 'db', key: 'password' }] },
      ],
    },
  })

/** Reads what `rbac` has printed. */
export function parseRoles(text: string) {
  const objects = parseAllDocuments(text).map((document) => document.toJS() as PrintedObject)
  const roles = objects.filter(({ kind }) => kind === 'Role')
  return {
    objects,
    /** Of the first Role. */
    rules: roles[0]?.rules ?? [],
    /** The accounts of each namespace that the controller may sign in as. */
    enabled: Object.fromEntries(
      roles.map(({ metadata, rules = [] }) => [
        metadata.namespace,
        rules.find(({ resources }) => resources.includes('serviceaccounts/token'))?.resourceNames,
      ]),
    ),
  }
}

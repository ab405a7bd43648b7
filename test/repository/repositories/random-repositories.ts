import fc from 'fast-check'
import { stringify } from 'yaml'
import type { Texts } from '../../support/repository.ts'

export const client = 'd0000000-0000-4000-8000-000000000001'
const names = fc.constantFrom('a', 'b')
const vaults = fc.constantFrom('vault-one', 'vault-two')
const metadata = fc.record({ name: names, namespace: fc.constantFrom('one', 'two') })

interface Metadata {
  readonly name: string
  readonly namespace: string
}

export const classOf = (
  metadata: Metadata,
  {
    vault,
    clientID,
    objectType = 'secret',
    hasSecret = false,
  }: {
    readonly vault: string
    readonly clientID?: string | undefined
    readonly objectType?: string
    readonly hasSecret?: boolean
  },
) => ({
  apiVersion: 'secrets-store.csi.x-k8s.io/v1',
  kind: 'SecretProviderClass',
  metadata,
  spec: {
    provider: 'azure',
    parameters: {
      ...(clientID && { clientID }),
      keyvaultName: vault,
      objects: `array:\n  - |\n    objectName: db\n    objectType: ${objectType}\n`,
    },
    ...(hasSecret && {
      secretObjects: [
        { secretName: 's', type: 'Opaque', data: [{ objectName: 'db', key: 'password' }] },
      ],
    }),
  },
})

export const podOf = (
  metadata: Metadata,
  { volumeClass, account }: { readonly volumeClass: string; readonly account?: string },
) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec: {
    ...(account && { serviceAccountName: account }),
    containers: [{ name: 'app', image: 'app', volumeMounts: [{ name: 'kv', mountPath: '/kv' }] }],
    volumes: [
      {
        name: 'kv',
        csi: {
          driver: 'secrets-store.csi.k8s.io',
          volumeAttributes: { secretProviderClass: volumeClass },
        },
      },
    ],
  },
})

export const accountOf = (metadata: Metadata) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata,
})

export const storeOf = (
  metadata: Metadata,
  { vault, account }: { readonly vault: string; readonly account?: string | undefined },
) => ({
  apiVersion: 'external-secrets.io/v1',
  kind: 'SecretStore',
  metadata,
  spec: {
    provider: {
      azurekv: {
        authType: 'WorkloadIdentity',
        vaultUrl: `https://${vault}.vault.azure.net`,
        ...(account && { serviceAccountRef: { name: account } }),
      },
    },
  },
})

const classes = fc
  .record({
    metadata,
    vault: vaults,
    clientID: fc.option(fc.constant(client), { nil: undefined }),
    objectType: fc.constantFrom('secret', 'secret', 'secret', 'nonsense'),
    hasSecret: fc.boolean(),
  })
  .map(({ metadata, ...content }) => classOf(metadata, content))

const pods = fc
  .record({ metadata, volumeClass: names, account: names })
  .map(({ metadata, volumeClass, account }) => podOf(metadata, { volumeClass, account }))

const accounts = fc.record({ metadata, hasClient: fc.boolean() }).map(({ metadata, hasClient }) =>
  accountOf({
    ...metadata,
    ...(hasClient && { annotations: { 'azure.workload.identity/client-id': client } }),
  }),
)

const stores = fc
  .record({ metadata, vault: vaults, account: fc.option(names, { nil: undefined }) })
  .map(({ metadata, vault, account }) => storeOf(metadata, { vault, account }))

export const externalSecretOf = (metadata: Metadata, store: string) => ({
  apiVersion: 'external-secrets.io/v1',
  kind: 'ExternalSecret',
  metadata,
  spec: {
    secretStoreRef: { name: store },
    data: [{ secretKey: 'password', remoteRef: { key: 'db' } }],
  },
})

const externalSecrets = fc
  .record({ metadata, store: names })
  .map(({ metadata, store }) => externalSecretOf(metadata, store))

/** The path of each file with its text: one document a file. */
export const repositories = fc
  .array(
    fc.record({
      folder: fc.constantFrom('', 'dev/', 'dev/eu/', 'prod/', 'prod/eu/'),
      object: fc.oneof(classes, pods, accounts, stores, externalSecrets),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map(
    (files): Texts =>
      Object.fromEntries(
        files.map(({ folder, object }, index) => [`${folder}${index}.yaml`, stringify(object)]),
      ),
  )

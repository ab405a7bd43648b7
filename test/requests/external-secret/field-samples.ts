/**
 * The fields of ExternalSecret v1, and of a store with `azurekv`, of the External Secrets Operator 2.9.0, with values to try:
 * all values of an enumeration, and otherwise one that means something here. The parts of a field that is refused as a whole aren't
 * among them. `[]` is the first item of a list.
 */
export interface FieldSample {
  readonly field: string
  readonly values: readonly unknown[]
}

const name = 'other'
const conversions = ['Default', 'Unicode']
const decodings = ['None', 'Base64', 'Base64URL', 'Auto']
const storeKinds = ['SecretStore', 'ClusterSecretStore']

const remoteRef = (of: string): readonly FieldSample[] =>
  Object.entries({
    key: ['db', 'secret/db', 'key/db', 'cert/db'],
    property: ['a.b'],
    version: ['0123456789abcdef0123456789abcdef'],
    conversionStrategy: conversions,
    decodingStrategy: decodings,
    metadataPolicy: ['None', 'Fetch'],
    nullBytePolicy: ['Ignore', 'Fail'],
  }).map(([member, values]) => ({ field: `${of}.${member}`, values }))

const samples = (of: string, members: Readonly<Record<string, readonly unknown[]>>) =>
  Object.entries(members).map(([member, values]) => ({ field: `${of}${member}`, values }))

export const externalSecretFields: readonly FieldSample[] = [
  ...samples('spec.', {
    'secretStoreRef.name': [name],
    'secretStoreRef.kind': storeKinds,
    refreshInterval: ['1h0m0s', '10s', '0', '1d'],
    refreshPolicy: ['Periodic', 'CreatedOnce', 'OnChange'],
    syncWindows: [{ kind: 'allow', windows: [{ schedule: '@daily', duration: '8h' }] }],
    'target.name': [name],
    'target.creationPolicy': ['Owner', 'Orphan', 'Merge', 'None', 'CreateOrMerge'],
    'target.deletionPolicy': ['Retain', 'Merge', 'Delete'],
    'target.immutable': [false, true],
    'target.manifest': [{ apiVersion: 'v1', kind: 'ConfigMap' }],
    'target.template.type': ['Opaque'],
    'target.template.engineVersion': ['v2'],
    'target.template.mergePolicy': ['Replace', 'Merge'],
    'target.template.metadata.labels': [{ app: 'web' }],
    'target.template.metadata.annotations': [{ note: 'text' }],
    'target.template.metadata.finalizers': [['example.com/x']],
    'target.template.data': [{ url: '{{ .a }}' }],
    'target.template.templateFrom': [[{ literal: 'a: {{ .a }}' }]],
    'data[].secretKey': ['a'],
  }),
  ...remoteRef('spec.data[].remoteRef'),
  ...samples('spec.data[].sourceRef.', {
    'storeRef.name': [name],
    'storeRef.kind': storeKinds,
    generatorRef: [{ kind: 'UUID', name }],
  }),
  ...remoteRef('spec.dataFrom[].extract'),
  ...samples('spec.dataFrom[].', {
    'find.path': ['/shop'],
    'find.name.regexp': ['^db'],
    'find.tags': [{ team: 'shop' }],
    'find.conversionStrategy': conversions,
    'find.decodingStrategy': decodings,
    'find.nullBytePolicy': ['Ignore', 'Fail'],
    'rewrite[].regexp.source': ['^a'],
    'rewrite[].regexp.target': ['b'],
    'rewrite[].transform.template': ['{{ .value | upper }}'],
    'rewrite[].merge.into': ['all'],
    'rewrite[].merge.priority': [['a']],
    'rewrite[].merge.priorityPolicy': ['Strict', 'IgnoreNotFound'],
    'rewrite[].merge.conflictPolicy': ['Error', 'Ignore'],
    'rewrite[].merge.strategy': ['Extract', 'JSON'],
    'sourceRef.storeRef.name': [name],
    'sourceRef.storeRef.kind': storeKinds,
    'sourceRef.generatorRef': [{ kind: 'UUID', name }],
  }),
]

const secretRef = [{ name, key: 'a' }]

export const storeFields: readonly FieldSample[] = samples('spec.', {
  controller: ['', 'other'],
  refreshInterval: [60],
  'retrySettings.maxRetries': [3],
  'retrySettings.retryInterval': ['10s'],
  'conditions[].namespaces': [['shop']],
  'conditions[].namespaceRegexes': [['^sh']],
  'conditions[].namespaceSelector': [{ matchLabels: { a: 'b' } }],
  'provider.azurekv.vaultUrl': ['https://team-a.vault.azure.net', 'https://kv.example.com'],
  'provider.azurekv.tenantId': ['33333333-3333-3333-3333-333333333333'],
  'provider.azurekv.authType': ['WorkloadIdentity', 'ManagedIdentity', 'ServicePrincipal'],
  'provider.azurekv.serviceAccountRef.name': ['web'],
  'provider.azurekv.serviceAccountRef.namespace': ['shop', 'other'],
  'provider.azurekv.serviceAccountRef.audiences': [['api://AzureADTokenExchange'], ['other']],
  'provider.azurekv.identityId': ['11111111-1111-1111-1111-111111111111'],
  'provider.azurekv.authSecretRef.clientId': secretRef,
  'provider.azurekv.authSecretRef.tenantId': secretRef,
  'provider.azurekv.authSecretRef.clientSecret': secretRef,
  'provider.azurekv.authSecretRef.clientCertificate': secretRef,
  'provider.azurekv.environmentType': [
    ...['PublicCloud', 'USGovernmentCloud', 'ChinaCloud', 'GermanCloud', 'AzureStackCloud'],
  ],
  'provider.azurekv.useAzureSDK': [false, true],
  'provider.azurekv.customCloudConfig.activeDirectoryEndpoint': ['https://login.example.com'],
  'provider.azurekv.customCloudConfig.keyVaultEndpoint': ['https://vault.example.com'],
  'provider.azurekv.customCloudConfig.keyVaultDNSSuffix': ['vault.example.com'],
  'provider.azurekv.customCloudConfig.resourceManagerEndpoint': ['https://management.example.com'],
})

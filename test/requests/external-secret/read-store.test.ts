import t from 'tap'
import { describeProblem } from '../../../lib/problems/problem.ts'
import { readStore, type StoreKind } from '../../../requests/external-secret/read-store.ts'
import { policy } from '../../webhook/core/policy.ts'

const read = (spec: unknown, kind: StoreKind = 'SecretStore') =>
  readStore(spec, { kind, namespace: 'shop', policy })
const vaultUrl = 'https://Team-A.vault.azure.net/'
const azurekv = (more: object = {}, other: object = {}) => ({
  provider: { azurekv: { vaultUrl, ...more } },
  ...other,
})
const storeOf = (spec: unknown, kind?: StoreKind) => {
  const content = read(spec, kind)
  if (content.kind !== 'read') throw new Error(content.sentence)
  return { ...content.store, problems: content.store.problems.map(describeProblem) }
}

t.test('the vault, the tenant and the account are read', async (t) => {
  const tenantId = '72F988BF-86F1-41AF-91AB-2D7CD011DB47'
  const serviceAccountRef = { name: 'web', namespace: 'shop' }
  t.strictSame(storeOf(azurekv({ authType: 'WorkloadIdentity', tenantId, serviceAccountRef })), {
    vault: 'team-a',
    tenantId: tenantId.toLowerCase(),
    account: 'web',
    unused: [],
    problems: [],
  })
})

/** Every field of the operator's CRD (2.9) that has no effect here, at its place. */
const withoutEffect: readonly (readonly [string, object, RegExp])[] = [
  ['provider.azurekv.authType', azurekv({ authType: 'ManagedIdentity' }), /write WorkloadIdentity/],
  ['provider.azurekv.authType', azurekv({ authType: 'ServicePrincipal' }), /write WorkloadIdent/],
  ['provider.azurekv.identityId', azurekv({ identityId: 'x' }), /client-id names the client/],
  ...(['clientId', 'tenantId', 'clientSecret', 'clientCertificate'] as const).map(
    (name) =>
      [
        `provider.azurekv.authSecretRef.${name}`,
        azurekv({ authSecretRef: { [name]: { name: 'login', key: 'k' } } }),
        name === 'clientId' || name === 'tenantId' ? /annotation azure/ : /federated credential/,
      ] as const,
  ),
  ...[
    ['activeDirectoryEndpoint', /the administrator's cloud/],
    ['keyVaultEndpoint', /the administrator's cloud/],
    ['keyVaultDNSSuffix', /the administrator's cloud/],
    ['resourceManagerEndpoint', /nobody calls/],
    ['audience', /api:\/\/AzureADTokenExchange/],
  ].map(
    ([name, instead]) =>
      [
        `provider.azurekv.customCloudConfig.${name}`,
        azurekv({ customCloudConfig: { [String(name)]: 'https://x.example' } }),
        instead as RegExp,
      ] as const,
  ),
  ['provider.azurekv.useAzureSDK', azurekv({ useAzureSDK: true }), /Azure's SDK is always used/],
  ['retrySettings.maxRetries', azurekv({}, { retrySettings: { maxRetries: 3 } }), /growing pauses/],
  [
    'retrySettings.retryInterval',
    azurekv({}, { retrySettings: { retryInterval: '5s' } }),
    /growing/,
  ],
  ['refreshInterval', azurekv({}, { refreshInterval: 60 }), /of each ExternalSecret counts/],
]

t.test('every field that has no effect is named, with what takes its place', async (t) => {
  for (const [field, spec, instead] of withoutEffect) {
    const { unused, problems, vault } = storeOf(spec)
    t.strictSame(problems, [], field)
    t.equal(vault, 'team-a', field)
    t.equal(unused.length, 1, field)
    t.match(unused[0], { path: ['spec', ...field.split('.')], sentence: instead }, field)
    t.ok(unused[0]?.sentence.startsWith(`spec.${field} `), field)
  }
})

t.test('defaults that the API server adds are not reported', async (t) => {
  const spec = azurekv({ authType: 'WorkloadIdentity', useAzureSDK: false })
  t.strictSame(storeOf({ ...spec, controller: '' }).unused, [])
  const empty = azurekv({ authSecretRef: { clientId: null }, identityId: null })
  t.strictSame(storeOf(empty).unused, [])
})

t.test(
  'a field that the operator does not have is refused, below those without effect too',
  async (t) => {
    for (const part of ['authSecretRef', 'customCloudConfig']) {
      t.match(storeOf(azurekv({ [part]: { vaultUrl: 'x' } })).problems, [
        /vaultUrl is not supported/,
      ])
      t.match(storeOf(azurekv({ [part]: 'x' })).problems, [/expected an object/])
    }
    t.match(storeOf(azurekv({}, { retrySettings: { maxRetry: 1 } })).problems, [
      /maxRetry is not supported here; did you mean maxRetries\?/,
    ])
  },
)

t.test('a value without effect is shown in part, and printable', async (t) => {
  const [found] = storeOf(azurekv({ authType: 'ManagedIdentity' })).unused
  t.match(found?.sentence, /authType ManagedIdentity has no effect here/)
  const hostile = storeOf(azurekv({ identityId: '\u202ex'.repeat(50_000) })).unused
  t.ok((hostile[0]?.sentence.length ?? 0) < 200)
})

t.test('the audience of Entra may be written down', async (t) => {
  const audiences = ['api://AzureADTokenExchange']
  t.strictSame(storeOf(azurekv({ serviceAccountRef: { name: 'web', audiences } })).problems, [])
  const others = storeOf(azurekv({ serviceAccountRef: { name: 'web', audiences: ['vault'] } }))
  t.match(others.problems, [
    /serviceAccountRef\.audiences\[0\] "vault": is not supported here; accepted: api:\/\/AzureAD/,
  ])
})

t.test('a ClusterSecretStore may name an account elsewhere, which is not used', async (t) => {
  const serviceAccountRef = { name: 'eso', namespace: 'external-secrets' }
  const store = storeOf(azurekv({ serviceAccountRef }), 'ClusterSecretStore')
  t.match(store, { vault: 'team-a', problems: { length: 0 } })
  t.notOk(store.account)
  t.match(store.unused, [
    {
      sentence:
        /serviceAccountRef names an account of namespace external-secrets, which only ExternalSecrets of/,
    },
  ])
  t.match(storeOf(azurekv({ serviceAccountRef })).problems, [
    /serviceAccountRef\.namespace "external-secrets": a SecretStore may name an account of its own namespace only$/,
  ])
})

t.test('stores of others are left alone', async (t) => {
  t.match(read({ ...azurekv(), controller: 'blue' }), {
    kind: 'other',
    sentence: /spec\.controller/,
  })
  t.match(read({ provider: { vault: {} } }), { kind: 'other', sentence: /is not azurekv/ })
  t.match(read({ ...azurekv(), controller: '' }), { kind: 'read' })
})

t.test('the host of a vault is the administrator’s', async (t) => {
  for (const url of [
    'https://team-a.vault.azure.net.evil.example',
    'https://evil.example/team-a.vault.azure.net',
    'http://team-a.vault.azure.net',
    'https://a@evil.vault.azure.net',
    'https://x.team-a.vault.azure.net',
    'team-a',
  ])
    t.match(storeOf(azurekv({ vaultUrl: url })).problems, [
      /^spec\.provider\.azurekv\.vaultUrl ".*": expected https:\/\/NAME\.vault\.azure\.net$/,
    ])
})

t.test('another cloud than the administrator’s is refused', async (t) => {
  t.match(storeOf(azurekv({ environmentType: 'ChinaCloud' })).problems, [
    /environmentType "ChinaCloud": this cluster uses the cloud "public"/,
  ])
  t.strictSame(storeOf(azurekv({ environmentType: 'PublicCloud' })).problems, [])
})

t.test('conditions decide which namespaces may use a ClusterSecretStore', async (t) => {
  const problems = (conditions: unknown) =>
    storeOf(azurekv({}, { conditions }), 'ClusterSecretStore').problems
  t.strictSame(problems([]), [])
  t.strictSame(problems([{ namespaces: ['other', 'shop'] }]), [])
  t.strictSame(problems([{ namespaces: ['other'] }, { namespaceRegexes: ['^sh.p$'] }]), [])
  t.strictSame(problems([{ namespaceRegexes: ['ho'] }]), [], 'anchored nowhere')
  t.strictSame(problems([{ namespaces: ['other'] }]), [
    'spec.conditions does not name namespace shop; add it to namespaces',
  ])
  t.match(problems([{ namespaceRegexes: ['('] }]), [
    /^spec\.conditions\[0\]\.namespaceRegexes\[0\] "\(": expected a regular expression of Go/,
  ])
  t.strictSame(problems([{ namespaceRegexes: [`${'(x+)+'.repeat(40)}$`] }]), [
    'spec.conditions does not name namespace shop; add it to namespaces',
  ])
  t.match(problems([{ namespaceSelector: {} }]), [/namespaceSelector is not supported here; the/])
  t.match(storeOf(azurekv({}, { conditions: [] })).problems, [/only a ClusterSecretStore has/])
})

t.test('any JSON gets an answer', async (t) => {
  for (const value of [null, 1, [], {}, { provider: { azurekv: 5 } }, { provider: {} }, { x: 1 }])
    t.ok(storeOf(value).problems.length > 0, JSON.stringify(value))
})

t.test('hostile expressions are refused before they are compiled', async (t) => {
  const problems = (patterns: readonly string[]) =>
    storeOf(azurekv({}, { conditions: [{ namespaceRegexes: patterns }] }), 'ClusterSecretStore')
      .problems
  t.match(problems(['a{1,1000}', 'x{64}']), [
    /namespaceRegexes\[0\] "a\{1,1000\}": expected a regular expression of Go without counts above 63$/,
    /namespaceRegexes\[1\]/,
  ])
  t.strictSame(problems(['^[a-z]{1,63}$']), [])
  const [first, ...more] = problems(Array.from({ length: 90 }, () => 'x'.repeat(50)))
  t.match(first, /namespaceRegexes\[40\]: a store may have 100 expressions with 2048 characters/)
  t.ok(more.length >= 5 && more.length < 20, `${more.length} more: the rest is not even counted`)
  const many = Array.from({ length: 100 }, () => ({ namespaceRegexes: Array(100).fill('x') }))
  t.match(storeOf(azurekv({}, { conditions: many }), 'ClusterSecretStore').problems[0], /100 expr/)
})

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
    problems: [],
  })
})

t.test('the sign-in of another kind is known, and not used', async (t) => {
  for (const authType of ['ManagedIdentity', 'ServicePrincipal'])
    t.match(storeOf(azurekv({ authType, identityId: 'x', authSecretRef: { clientId: {} } })), {
      otherSignIn: authType,
      problems: { length: 0 },
    })
  t.match(storeOf(azurekv({ authSecretRef: { clientCertificate: {} } })), {
    otherSignIn: 'ServicePrincipal',
    problems: { length: 0 },
  })
  const authSecretRef = { clientId: { name: 'ids', key: 'client' } }
  t.notHas(storeOf(azurekv({ authType: 'WorkloadIdentity', authSecretRef })), { otherSignIn: '' })
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
  t.strictSame(store, { vault: 'team-a', problems: [] })
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
  t.equal(more.length, 19, 'the rest is not even counted')
  const many = Array.from({ length: 100 }, () => ({ namespaceRegexes: Array(100).fill('x') }))
  t.match(storeOf(azurekv({}, { conditions: many }), 'ClusterSecretStore').problems[0], /100 expr/)
})

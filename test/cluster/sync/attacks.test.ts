import t from 'tap'
import { identity } from '../../sync/harness/external-secret-simulation.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { secretsIn } from './harness/sync-account.ts'
import { openSyncTestbed } from './harness/sync-testbed.ts'

/** Attacks by somebody who may write ExternalSecrets in a namespace with a listed account, and read their status. */
const testbed = await openSyncTestbed(t, { readsSources: true })
const { api, cluster, azure, namespace, options } = testbed
const apiVersion = 'external-secrets.io/v1'
const vaultUrl = options.policy.cloud.vaultUrl.replace('{vault}', 'team-a')
const value = 'correct horse'

const apply = async (kind: string, metadata: object, spec: object) =>
  expectSuccess(
    await cluster.apply({ apiVersion, kind, metadata: { namespace, ...metadata }, spec }),
  )
const ask = async (name: string, more: object, metadata: object = {}) => {
  const data = [{ secretKey: 'password', remoteRef: { key: 'db-password' } }]
  await apply(
    'ExternalSecret',
    { name, ...metadata },
    { refreshInterval: '10m', secretStoreRef: { name: 'kv' }, data, ...more },
  )
  await testbed.round()
  const object = { apiVersion, kind: 'ExternalSecret', metadata: { name, namespace } }
  const { body } = expectSuccess(await cluster.get(object))
  const { conditions } = body['status'] as {
    readonly conditions: readonly { readonly status: string; readonly message: string }[]
  }
  return conditions[0]
}

t.before(async () => {
  await testbed.annotate(identity)
  await apply('SecretStore', { name: 'kv' }, { provider: { azurekv: { vaultUrl } } })
})

t.test('a Secret that Helm or Argo CD would trust isn’t made', async (t) => {
  const release = 'sh.helm.release.v1.web.v2'
  const labels = { owner: 'helm', name: 'web', status: 'deployed', version: '2' }
  const asRelease = await ask('a-release', {
    target: { name: release, template: { metadata: { labels } } },
  })
  t.match(asRelease, { status: 'False', message: /Helm trusts Secrets with such a name/ })
  t.equal(await testbed.secret(release), undefined)
  const cluster = { labels: { 'argocd.argoproj.io/secret-type': 'cluster' } }
  t.match(await ask('a-cluster', {}, cluster), { status: 'False', message: /Argo CD trusts/ })
  t.equal(await testbed.secret('a-cluster'), undefined)
})

t.test('a foreign annotation doesn’t block a refresh', async (t) => {
  t.match(await ask('honest', {}), { status: 'True' })
  const annotations = { 'replicator.v1.mittwald.de/replicate-to': '*' }
  expectSuccess(
    await api.call({
      method: 'PATCH',
      path: `${secretsIn(namespace)}/honest`,
      body: { metadata: { annotations } },
      contentType: 'application/merge-patch+json',
      query: { fieldManager: 'somebody' },
    }),
  )
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new' })
  testbed.pass(11 * 60_000)
  await testbed.round()
  t.strictSame(await testbed.values('honest'), { password: 'new' })
  t.match((await testbed.secret('honest'))?.metadata, { annotations })
  azure.rotate({ vault: 'team-a', name: 'db-password', value })
  testbed.pass(11 * 60_000)
  await testbed.round()
})

t.test('a value can’t be told letter by letter', async (t) => {
  const messages = new Set<string>()
  let updates = 0
  for (let length = 0; length < value.length; length++) {
    const known = value.slice(0, length)
    const cases = [...'abcdefghijklmnopqrstuvwxyz '].map(
      (letter, i) =>
        `{{ ${i === 0 ? '' : 'else '}if ne (trimPrefix "${known}${letter}" .password) .password }}{{ index . "found-${i}" }}`,
    )
    const data = { x: `${cases.join('')}{{ end }}` }
    const ready = await ask('question', { target: { template: { data } } })
    t.equal(ready?.status, 'False')
    messages.add(ready?.message.replace(/\. .*/, '') ?? '')
    updates++
  }
  t.equal(updates, 13)
  // The second sentence begins with the eleventh update, whatever the answers are.
  t.match(
    [...messages],
    [
      "AKV_SYNC_VALUES: Secret question: its keys can't be made of the values in the vault",
      /^AKV_SYNC_VALUES: Secret question: ExternalSecret question, or others in its namespace, failed too often/,
    ],
  )
  t.equal(messages.size, 2)
  t.notMatch((await testbed.events()).join(), /found-/)
})

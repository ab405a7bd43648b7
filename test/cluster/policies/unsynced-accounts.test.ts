import t from 'tap'
import type { KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { readManifest } from '../harness/install/install.ts'

/** Tests the warning about ServiceAccounts that ask for Secrets but that sync doesn't serve. */
const cluster = openCluster(t)
const namespace = await testNamespace(t, cluster)
const policies = readManifest('install.yaml').filter(
  ({ metadata }) => metadata.name === 'akv-injector-unsynced-accounts',
)
const listing = (accounts: readonly string[]) =>
  policies.map((policy) =>
    JSON.parse(
      JSON.stringify(policy).replace(
        ' in []',
        ` in ${JSON.stringify(JSON.stringify(accounts)).slice(1, -1)}`,
      ),
    ),
  )
t.teardown(async () => {
  for (const policy of policies) await cluster.apply(policy)
})
for (const policy of listing([`${namespace}/web`])) expectSuccess(await cluster.apply(policy))

const warning =
  /^Validation failed for ValidatingAdmissionPolicy 'akv-injector-unsynced-accounts' .*akv-injector\.io\/sync has no effect here/
const sync = { 'akv-injector.io/sync': '- { secret: db, data: x }' }
const tryAccount = async (name: string, annotations: Readonly<Record<string, string>>) => {
  const account: KubeObject = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, annotations },
  }
  return expectSuccess(await cluster.create(account, { dryRun: true })).warnings
}
/** Policies take effect a moment after they are applied. The policy of the install lists no account. */
await until(async () => (await tryAccount('other', sync)).length > 0)
await until(async () => (await tryAccount('web', sync)).length === 0)

t.test('an account that isn’t listed is admitted with a warning', async (t) => {
  t.match(await tryAccount('other', sync), [warning])
})

t.test('an account that is listed, or has no annotation, gets no warning', async (t) => {
  t.strictSame(await tryAccount('web', sync), [])
  t.strictSame(await tryAccount('other', {}), [])
  t.strictSame(await tryAccount('other', { 'akv-injector.io/vault': 'team-a' }), [])
  for (const inject of ['false', 'False'])
    t.strictSame(await tryAccount('other', { ...sync, 'akv-injector.io/inject': inject }), [])
})

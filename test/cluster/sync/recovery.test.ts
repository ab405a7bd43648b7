import t from 'tap'
import { annotations, apiId } from '../../sync/harness/simulation.ts'
import { openSyncTestbed } from './harness/sync-testbed.ts'

/** Tests failures of sync and the recovery from them. */
const testbed = await openSyncTestbed(t)
const { azure } = testbed
const sync = '[{ secret: db, data: "password=db-password, url=db#url" }]'
const good = { password: 'correct horse', url: 'postgres://x' }
const apiAccount = { name: 'api' }

await testbed.annotate(annotations(sync))
await testbed.round()
await testbed.events()

/** Runs the rounds that are due within this many minutes. */
async function live(minutes: number): Promise<void> {
  let left = minutes * 60_000
  while (left > 0) {
    const nextMs = (await testbed.round()) ?? 0
    testbed.pass(nextMs)
    left -= nextMs
  }
}

t.test('a vault that is down for an hour', async (t) => {
  const before = await testbed.version('db')
  azure.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
  testbed.pass(330_000)
  await live(60)
  t.match(await testbed.events(), [
    /^SyncFailed: AKV_VAULT_UNAVAILABLE: [^A]*vault team-a is failing/,
  ])
  testbed.restart()
  await live(1)
  t.equal(await testbed.version('db'), before, 'the last good data stays, also over a restart')
  azure.clearFaults()
  await testbed.events()
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  await live(5)
  t.match(await testbed.events(), [
    /^Synced: updated Secret db$/,
    /^Synced: everything is in sync again$/,
  ])
  t.strictSame(await testbed.values('db'), { ...good, password: 'new one' })
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'correct horse' })
  await live(11)
  t.strictSame(await testbed.values('db'), good)
})

t.test('Entra refuses sign-ins for a while', async (t) => {
  const before = await testbed.version('db')
  testbed.restart()
  await testbed.events()
  azure.addFault({ match: { service: 'entra' }, action: { kind: 'entra', code: 700213 } })
  testbed.vaultPaths()
  await live(30)
  t.match(await testbed.events(), [
    /^SyncFailed: AKV_FEDERATION_MISMATCH: .*"system:serviceaccount:akv-injector-test-\w+:web"/,
  ])
  t.strictSame(testbed.vaultPaths(), [])
  azure.clearFaults()
  await live(1)
  t.strictSame(await testbed.events(), ['Synced: everything is in sync again'])
  t.equal(await testbed.version('db'), before)
})

t.test(
  'an account with another account’s client ID gets nothing, even though that account’s token and values are cached',
  async (t) => {
    await testbed.round()
    testbed.vaultPaths()
    await testbed.annotate(annotations(sync.replace('secret: db', 'secret: stolen')), apiAccount)
    for (let i = 0; i < 2; i++) await testbed.round(apiAccount)
    t.equal(await testbed.values('stolen'), undefined)
    t.strictSame(testbed.vaultPaths(), [], 'no request with somebody else’s token')
    t.match(await testbed.events(), [
      /^SyncFailed: AKV_FEDERATION_MISMATCH: client 2222.*subject "system:serviceaccount:[\w-]+:api"/,
    ])
    await testbed.annotate(
      annotations(sync.replace('secret: db', 'secret: own'), {
        'akv-injector.io/client-id': apiId,
      }),
      apiAccount,
    )
    await testbed.round(apiAccount)
    t.equal(await testbed.values('own'), undefined)
    t.match((await testbed.events()).join(), /AKV_FORBIDDEN/, 'its own identity has no role there')
    await testbed.annotate({}, apiAccount)
    await testbed.round(apiAccount)
  },
)

t.test('an account that loses its client ID keeps its Secrets', async (t) => {
  const before = await testbed.version('db')
  const { 'azure.workload.identity/client-id': _, ...without } = annotations(sync)
  await testbed.annotate(without)
  await testbed.events()
  for (let i = 0; i < 3; i++) await testbed.round()
  t.match(await testbed.events(), [/^SyncFailed: AKV_IDENTITY_MISSING: no client ID is configured/])
  t.equal(await testbed.version('db'), before)
  await testbed.annotate(annotations(sync))
  await testbed.round()
  t.strictSame(await testbed.events(), ['Synced: everything is in sync again'])
})

import t from 'tap'
import { annotations, apiId } from '../../sync/world.ts'
import { openSyncWorld } from './harness/sync-world.ts'

/** What fails, and heals, on a real API server. */
const world = await openSyncWorld(t)
const { azure } = world
const sync = '[{ secret: db, data: "password=db-password, url=db#url" }]'
const good = { password: 'correct horse', url: 'postgres://x' }
const apiAccount = { name: 'api' }

await world.annotate(annotations(sync))
await world.round()
await world.events()

/** The controller's rounds of so many minutes, each when it is due. */
async function live(minutes: number): Promise<void> {
  let left = minutes * 60_000
  while (left > 0) {
    const nextMs = (await world.round()) ?? 0
    world.pass(nextMs)
    left -= nextMs
  }
}

t.test('a vault that is down for an hour', async (t) => {
  const before = await world.version('db')
  azure.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
  world.pass(330_000)
  await live(60)
  t.match(await world.events(), [
    /^SyncFailed: AKV_VAULT_UNAVAILABLE: [^A]*vault team-a is failing/,
  ])
  world.restart()
  await live(1)
  t.equal(await world.version('db'), before, 'the last good data stays, also over a restart')
  azure.clearFaults()
  await world.events()
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  await live(5)
  t.match(await world.events(), [
    /^Synced: updated Secret db$/,
    /^Synced: everything is in sync again$/,
  ])
  t.strictSame(await world.values('db'), { ...good, password: 'new one' })
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'correct horse' })
  await live(11)
  t.strictSame(await world.values('db'), good)
})

t.test('Entra refuses for a while', async (t) => {
  const before = await world.version('db')
  world.restart()
  await world.events()
  azure.addFault({ match: { service: 'entra' }, action: { kind: 'entra', code: 700213 } })
  world.vaultPaths()
  await live(30)
  t.match(await world.events(), [
    /^SyncFailed: AKV_FEDERATION_MISMATCH: .*"system:serviceaccount:akv-injector-test-\w+:web"/,
  ])
  t.strictSame(world.vaultPaths(), [])
  azure.clearFaults()
  await live(1)
  t.strictSame(await world.events(), ['Synced: everything is in sync again'])
  t.equal(await world.version('db'), before)
})

t.test(
  'another account’s client id yields nothing, though its token and values are cached',
  async (t) => {
    await world.round()
    world.vaultPaths()
    await world.annotate(annotations(sync.replace('secret: db', 'secret: stolen')), apiAccount)
    for (let i = 0; i < 2; i++) await world.round(apiAccount)
    t.equal(await world.values('stolen'), undefined)
    t.strictSame(world.vaultPaths(), [], 'no request with somebody else’s token')
    t.match(await world.events(), [
      /^SyncFailed: AKV_FEDERATION_MISMATCH: client 2222.*subject "system:serviceaccount:[\w-]+:api"/,
    ])
    await world.annotate(
      annotations(sync.replace('secret: db', 'secret: own'), {
        'akv-injector.io/client-id': apiId,
      }),
      apiAccount,
    )
    await world.round(apiAccount)
    t.equal(await world.values('own'), undefined)
    t.match((await world.events()).join(), /AKV_FORBIDDEN/, 'its own identity has no role there')
    await world.annotate({}, apiAccount)
    await world.round(apiAccount)
  },
)

t.test('an account that loses its client id keeps what it has', async (t) => {
  const before = await world.version('db')
  const { 'azure.workload.identity/client-id': _, ...without } = annotations(sync)
  await world.annotate(without)
  await world.events()
  for (let i = 0; i < 3; i++) await world.round()
  t.match(await world.events(), [/^SyncFailed: AKV_IDENTITY_MISSING: no client id is known/])
  t.equal(await world.version('db'), before)
  await world.annotate(annotations(sync))
  await world.round()
  t.strictSame(await world.events(), ['Synced: everything is in sync again'])
})

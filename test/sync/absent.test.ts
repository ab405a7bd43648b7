import t from 'tap'
import { annotations, startWorld, type World } from './world.ts'

const remove = { 'akv-injector.io/on-deleted': 'remove' }

/** What is asked for while no vault answers. */
async function askInOutage(world: World, sync: string): Promise<void> {
  world.azure.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
  world.apiServer.accounts.put('team-a', 'web', annotations(sync))
  await world.round()
}

t.test('an entry that is renamed while the vault is away keeps its Secret till then', async (t) => {
  for (const [data, values] of [
    ['db#*', { url: 'postgres://x' }],
    ['extra', { extra: 'more' }],
  ] as const) {
    const world = await startWorld(t)
    world.apiServer.accounts.put('team-a', 'web', annotations(`[{ secret: cfg, data: "${data}" }]`))
    await world.round()
    await askInOutage(world, `[{ secret: cfg2, data: "${data}" }]`)
    t.equal(world.values('cfg2'), undefined, 'not made without its values')
    t.strictSame(world.values('cfg'), values)
    world.azure.clearFaults()
    await world.round()
    t.strictSame(world.values('cfg2'), values)
    t.equal(world.values('cfg'), undefined)
  }
})

t.test('a new one that stands in another’s way keeps no old one from being deleted', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations('[{ secret: db, data: extra }]'))
  await world.round()
  world.apiServer.secrets.create('team-a/theirs')
  world.apiServer.accounts.put('team-a', 'web', annotations('[{ secret: theirs, data: extra }]'))
  await world.round()
  t.equal(world.values('db'), undefined)
})

t.test('an object without properties is a Secret without keys, also in an outage', async (t) => {
  const world = await startWorld(t)
  world.azure.rotate({ vault: 'team-a', name: 'db', value: '{}' })
  world.apiServer.accounts.put('team-a', 'web', annotations('[{ secret: cfg, data: "db#*" }]'))
  await world.round()
  t.strictSame(world.values('cfg'), {})
  world.apiServer.secrets.delete('team-a/cfg')
  await askInOutage(world, '[{ secret: cfg, data: "db#*" }, { secret: more, data: extra }]')
  t.strictSame(world.values('cfg'), {}, 'what it was given is known')
})

t.test('what was never there is told, also where what is gone is to be removed', async (t) => {
  const world = await startWorld(t)
  const sync = '[{ secret: db, data: "password=db-pasword" }, { secret: ok, data: extra }]'
  world.apiServer.accounts.put('team-a', 'web', annotations(sync, remove))
  await world.round()
  t.match(world.events(), [/created Secret ok$/, /AKV_OBJECT_NOT_FOUND: .*team-a:db-pasword/])
  await world.round()
  t.strictSame(world.events(), [], 'once')
  world.azure.rotate({ vault: 'team-a', name: 'db-pasword', value: 'correct horse' })
  await world.round()
  t.strictSame(world.values('db'), { password: 'correct horse' }, 'the next try asks for it')
  t.match(world.events(), [/created Secret db$/, /in sync again$/])
})

t.test('a Secret that lost its last object says which', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put(
    'team-a',
    'web',
    annotations('[{ secret: db, data: "extra, password=db-password" }]', remove),
  )
  await world.round()
  world.events()
  world.azure.update({ vault: 'team-a', name: 'extra', deleted: true })
  world.pass(301_000)
  t.ok(((await world.round()) ?? 0) > 290_000, 'to have less is fine')
  t.match(world.events(), [/updated Secret db$/])
  world.azure.update({ vault: 'team-a', name: 'db-password', enabled: false })
  world.pass(301_000)
  await world.round()
  t.match(world.events(), [
    /deleted Secret db$/,
    /AKV_OBJECT_NOT_FOUND: .*team-a:extra/,
    /AKV_OBJECT_DISABLED: .*team-a:db-password/,
  ])
  world.apiServer.accounts.put(
    'team-a',
    'web',
    annotations('[{ secret: db, data: extra }, { secret: more, data: team-b:shared }]', remove),
  )
  await world.round()
  world.apiServer.accounts.put(
    'team-a',
    'web',
    annotations('[{ secret: db, data: extra }]', remove),
  )
  await world.round()
  t.equal(world.values('more'), undefined, 'what the vault has no more keeps no other one')
})

t.test('a Secret whose only entry becomes another that is not there stays as it is', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations('[{ secret: db, data: "a=extra" }]'))
  await world.round()
  world.events()
  const syncedText = () =>
    world.apiServer.secrets.get('team-a/db')?.metadata.annotations?.['akv-injector.io/synced']
  const synced = syncedText()
  t.match(synced, /^team-a:extra@/)
  world.apiServer.accounts.put('team-a', 'web', annotations('[{ secret: db, data: "a=absent" }]'))
  const version = world.version('db')
  await world.round()
  t.strictSame(world.values('db'), { a: 'more' })
  t.equal(syncedText(), synced, 'it says what the data that stays is made of')
  t.equal(world.version('db'), version)
  t.match(world.events(), [/SyncFailed: AKV_OBJECT_NOT_FOUND/], 'and nothing was updated')
})

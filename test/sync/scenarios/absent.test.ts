import t from 'tap'
import { annotations, type Simulation, startSimulation } from '../harness/simulation.ts'

const remove = { 'akv-injector.io/on-deleted': 'remove' }

/** What is asked for while no vault answers. */
async function askInOutage(simulation: Simulation, sync: string): Promise<void> {
  simulation.azure.addFault({
    match: { service: 'vault' },
    action: { kind: 'status', status: 503 },
  })
  simulation.apiServer.accounts.put('team-a', 'web', annotations(sync))
  await simulation.round()
}

t.test('a Secret that is renamed during an outage stays until its successor exists', async (t) => {
  for (const [data, values] of [
    ['db#*', { url: 'postgres://x' }],
    ['extra', { extra: 'more' }],
  ] as const) {
    const simulation = await startSimulation(t)
    simulation.apiServer.accounts.put(
      'team-a',
      'web',
      annotations(`[{ secret: cfg, data: "${data}" }]`),
    )
    await simulation.round()
    await askInOutage(simulation, `[{ secret: cfg2, data: "${data}" }]`)
    t.equal(simulation.values('cfg2'), undefined, 'not made without its values')
    t.strictSame(simulation.values('cfg'), values)
    simulation.azure.clearFaults()
    await simulation.round()
    t.strictSame(simulation.values('cfg2'), values)
    t.equal(simulation.values('cfg'), undefined)
  }
})

t.test('a blocked new Secret doesn’t prevent the deletion of an old one', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations('[{ secret: db, data: extra }]'))
  await simulation.round()
  simulation.apiServer.secrets.create('team-a/theirs')
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations('[{ secret: theirs, data: extra }]'),
  )
  await simulation.round()
  t.equal(simulation.values('db'), undefined)
})

t.test(
  'a JSON object without properties gives a Secret without keys, even during an outage',
  async (t) => {
    const simulation = await startSimulation(t)
    simulation.azure.rotate({ vault: 'team-a', name: 'db', value: '{}' })
    simulation.apiServer.accounts.put(
      'team-a',
      'web',
      annotations('[{ secret: cfg, data: "db#*" }]'),
    )
    await simulation.round()
    t.strictSame(simulation.values('cfg'), {})
    simulation.apiServer.secrets.delete('team-a/cfg')
    await askInOutage(simulation, '[{ secret: cfg, data: "db#*" }, { secret: more, data: extra }]')
    t.strictSame(simulation.values('cfg'), {}, 'what it was given is known')
  },
)

t.test(
  'an object that never existed is reported, even if deleted objects are to be removed',
  async (t) => {
    const simulation = await startSimulation(t)
    const sync = '[{ secret: db, data: "password=db-pasword" }, { secret: ok, data: extra }]'
    simulation.apiServer.accounts.put('team-a', 'web', annotations(sync, remove))
    await simulation.round()
    t.match(simulation.events(), [
      /created Secret ok$/,
      /AKV_OBJECT_NOT_FOUND: .*team-a:db-pasword/,
    ])
    await simulation.round()
    t.strictSame(simulation.events(), [], 'once')
    simulation.azure.create({ vault: 'team-a', name: 'db-pasword', value: 'correct horse' })
    await simulation.round()
    t.strictSame(simulation.values('db'), { password: 'correct horse' }, 'the next try asks for it')
    t.match(simulation.events(), [/created Secret db$/, /in sync again$/])
  },
)

t.test('the deletion of a Secret names the last object that it lost', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations('[{ secret: db, data: "extra, password=db-password" }]', remove),
  )
  await simulation.round()
  simulation.events()
  simulation.azure.update({ vault: 'team-a', name: 'extra', deleted: true })
  simulation.pass(301_000)
  t.ok(((await simulation.round()) ?? 0) > 290_000, 'to have less is fine')
  t.match(simulation.events(), [/updated Secret db$/])
  simulation.azure.update({ vault: 'team-a', name: 'db-password', enabled: false })
  simulation.pass(301_000)
  await simulation.round()
  t.match(simulation.events(), [
    /deleted Secret db$/,
    /AKV_OBJECT_NOT_FOUND: .*team-a:extra/,
    /AKV_OBJECT_DISABLED: .*team-a:db-password/,
  ])
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations('[{ secret: db, data: extra }, { secret: more, data: team-b:shared }]', remove),
  )
  await simulation.round()
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations('[{ secret: db, data: extra }]', remove),
  )
  await simulation.round()
  t.equal(simulation.values('more'), undefined, 'what the vault has no more keeps no other one')
})

t.test('a Secret whose only entry now names a missing object stays as it is', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations('[{ secret: db, data: "a=extra" }]'),
  )
  await simulation.round()
  simulation.events()
  const syncedText = () =>
    simulation.apiServer.secrets.get('team-a/db')?.metadata.annotations?.['akv-injector.io/synced']
  const synced = syncedText()
  t.match(synced, /^team-a:extra@/)
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations('[{ secret: db, data: "a=absent" }]'),
  )
  const version = simulation.version('db')
  await simulation.round()
  t.strictSame(simulation.values('db'), { a: 'more' })
  t.equal(syncedText(), synced, 'it says what the data that stays is made of')
  t.equal(simulation.version('db'), version)
  t.match(simulation.events(), [/SyncFailed: AKV_OBJECT_NOT_FOUND/], 'and nothing was updated')
})

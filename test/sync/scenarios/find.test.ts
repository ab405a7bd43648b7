import t from 'tap'
import { annotations, startSimulation } from '../harness/simulation.ts'

const find = '[{ secret: cfg, data: "./=find:d*" }]'

t.test('each secret that matches becomes a key of an account’s Secret', async (t) => {
  const simulation = await startSimulation(t)
  const { apiServer, azure } = simulation
  apiServer.accounts.put('team-a', 'web', annotations(find))
  await simulation.round()
  t.strictSame(simulation.values('cfg'), {
    db: '{"url":"postgres://x"}',
    'db-password': 'correct horse',
  })
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new' })
  simulation.pass(6 * 60_000)
  await simulation.round()
  t.match(simulation.values('cfg'), { 'db-password': 'new' })

  simulation.vaultPaths()
  simulation.pass(6 * 60_000)
  await simulation.round()
  const paths = () => simulation.vaultPaths().map((path) => path.replace(/\/$/, ''))
  t.strictSame(paths(), ['/team-a/secrets'], 'an unchanged vault costs its list')
})

for (const onDeleted of ['keep', 'remove'] as const)
  t.test(`a key whose secret vanishes follows on-deleted: ${onDeleted}`, async (t) => {
    const simulation = await startSimulation(t)
    const { apiServer, azure } = simulation
    const more = { 'akv-injector.io/on-deleted': onDeleted }
    apiServer.accounts.put('team-a', 'web', annotations(find, more))
    await simulation.round()
    azure.update({ vault: 'team-a', name: 'db', deleted: true })
    simulation.restart()
    for (let i = 0; i < 3; i++) {
      simulation.pass(6 * 60_000)
      await simulation.round()
      t.strictSame(
        Object.keys(simulation.values('cfg') ?? {}).toSorted(),
        onDeleted === 'keep' ? ['db', 'db-password'] : ['db-password'],
      )
    }
  })

t.test('a list that fails, or that finds nothing, keeps the Secret', async (t) => {
  const simulation = await startSimulation(t)
  const { apiServer, azure } = simulation
  apiServer.accounts.put('team-a', 'web', annotations(find))
  await simulation.round()
  const before = simulation.values('cfg')
  azure.addFault({
    match: { service: 'vault', path: '/team-a/secrets' },
    action: { kind: 'forbidden', innerCode: 'ForbiddenByRbac' },
  })
  for (const restart of [() => undefined, simulation.restart]) {
    restart()
    simulation.pass(6 * 60_000)
    await simulation.round()
    t.strictSame(simulation.values('cfg'), before)
  }
  t.match(simulation.events().at(-1), /AKV_FORBIDDEN/)

  azure.clearFaults()
  apiServer.accounts.put('team-a', 'web', annotations('[{ secret: none, data: "./=find:x*" }]'))
  simulation.pass(6 * 60_000)
  await simulation.round()
  t.equal(simulation.values('none'), undefined, 'and none is made')
})

t.test('a find has a Secret to itself, and promises no type its keys', async (t) => {
  const simulation = await startSimulation(t)
  const { apiServer } = simulation
  for (const [entry, sentence] of [
    ['data: "./=find:d*, extra"', /"find:" gives all keys of its Secret/],
    ['data: "x/=find:d*"', /a Secret has no folders; write .\/=find:d\*/],
    [
      'type: kubernetes.io/basic-auth, data: "./=find:*"',
      /needs the keys .*, which "find:" may not find/,
    ],
  ] as const) {
    apiServer.accounts.put('team-a', 'web', annotations(`[{ secret: cfg, ${entry} }]`))
    await simulation.round()
    t.match(simulation.events().join('\n'), sentence)
  }
  t.equal(simulation.values('cfg'), undefined)
})

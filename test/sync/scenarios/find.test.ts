import t from 'tap'
import { parseEmulatorData } from '../../../emulator/data/parse-data.ts'
import { annotations, startSimulation, vaultData } from '../harness/simulation.ts'

function dataOf(yaml: string) {
  const read = parseEmulatorData(yaml)
  if (read.kind === 'invalid') throw new Error(read.problems.join('\n'))
  return read.value
}

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

t.test('a secret that becomes a certificate’s is not written', async (t) => {
  for (const brackets of ['', '[certificates]']) {
    const simulation = await startSimulation(t)
    const { apiServer, azure } = simulation
    // Keeps asking for a key whose secret is no longer listed.
    const more = { 'akv-injector.io/on-deleted': 'keep' }
    const wanted = `[{ secret: cfg, data: "./=find:d*${brackets}" }]`
    apiServer.accounts.put('team-a', 'web', annotations(wanted, more))
    await simulation.round()
    const before = simulation.values('cfg')
    t.match(before, { db: '{"url":"postgres://x"}' })
    // The secret is purged, and a certificate takes its name.
    const { vaults } = dataOf(
      vaultData
        .replace(/, db: '[^']*'/, '')
        .replace('certificates: {', 'certificates: { db: { contentType: application/x-pem-file },'),
    )
    azure.remove({ identities: [], vaults: ['team-a'] })
    azure.add({ identities: [], vaults: vaults.filter(({ name }) => name === 'team-a') })
    for (const restart of [() => undefined, simulation.restart]) {
      restart()
      simulation.pass(6 * 60_000)
      simulation.vaultPaths()
      await simulation.round()
      t.match(simulation.vaultPaths().join(' '), /\/secrets\/db\b/, 'it was fetched')
      if (brackets === '') t.strictSame(simulation.values('cfg'), before)
      else t.match(simulation.values('cfg'), { db: /PRIVATE KEY/ }, 'unless the find wants it')
    }
    const events = simulation.events().join('\n')
    t.notMatch(JSON.stringify([events, simulation.log.lines]), /PRIVATE KEY/)
    if (brackets === '') t.match(events, /db: it belongs to a certificate now/)
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

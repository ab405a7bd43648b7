import t, { type Test } from 'tap'
import { readPfx } from '../../../keyvault/formats/pkcs12/pfx.ts'
import { annotations, type Simulation, startSimulation } from '../harness/simulation.ts'

const request = '[{ secret: tls, data: "a.p12=pfx/web^extra, password=extra" }]'

const objectOf = ({ apiServer }: Simulation) => apiServer.secrets.get('team-a/tls')
const bytesOf = (simulation: Simulation, key: string) =>
  Buffer.from(objectOf(simulation)?.data?.[key] ?? '', 'base64')
const storeOf = (simulation: Simulation) => bytesOf(simulation, 'a.p12').toString('hex')
const passwordOf = (simulation: Simulation) => bytesOf(simulation, 'password').toString()

async function opens(t: Test, simulation: Simulation, password: string) {
  t.equal(passwordOf(simulation), password)
  t.match(await readPfx(bytesOf(simulation, 'a.p12'), undefined, password), { kind: 'valid' })
}

async function start(t: Test) {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(request))
  await simulation.round()
  return simulation
}

const fail = ({ azure }: Simulation, path: string) =>
  azure.addFault({
    match: { path },
    action: { kind: 'status', status: 403 },
  })

t.test('a Secret gets a key store and its password, and says which versions', async (t) => {
  const simulation = await start(t)
  await opens(t, simulation, 'more')
  const synced = () => objectOf(simulation)?.metadata.annotations?.['akv-injector.io/synced'] ?? ''
  t.match(synced(), /^team-a:extra@[0-9a-f]{32}, team-a:pfx\/web@[0-9a-f]{32}$/)

  const before = synced()
  simulation.azure.rotate({ vault: 'team-a', name: 'extra', value: 'another' })
  simulation.pass(3_600_000)
  await simulation.round()
  await opens(t, simulation, 'another')
  t.not(synced(), before)
})

t.test('while the certificate can’t be read, a new password waits for it', async (t) => {
  const simulation = await start(t)
  const before = [storeOf(simulation), objectOf(simulation)?.metadata.annotations]
  simulation.restart()
  fail(simulation, '/team-a/secrets/web')
  simulation.azure.rotate({ vault: 'team-a', name: 'extra', value: 'another' })
  simulation.pass(3_600_000)
  await simulation.round()
  t.strictSame([storeOf(simulation), objectOf(simulation)?.metadata.annotations], before)
  await opens(t, simulation, 'more')

  simulation.azure.clearFaults()
  // A retry asks only for what failed, and for what it needs to be written.
  simulation.pass(60_000)
  await simulation.round()
  await opens(t, simulation, 'another')
})

t.test('while the password can’t be read, a new certificate waits for it', async (t) => {
  const simulation = await start(t)
  const before = storeOf(simulation)
  fail(simulation, '/team-a/secrets/extra')
  simulation.azure.rotate({ vault: 'team-a', name: 'web' })
  simulation.pass(3_600_000)
  await simulation.round()
  t.equal(storeOf(simulation), before)

  simulation.azure.clearFaults()
  simulation.pass(60_000)
  await simulation.round()
  t.not(storeOf(simulation), before)
  await opens(t, simulation, 'more')
})

t.test('what can’t be a password is named, and neither shown nor synced', async (t) => {
  const simulation = await start(t)
  simulation.azure.rotate({ vault: 'team-a', name: 'extra', value: 'a\nsecond line' })
  simulation.pass(3_600_000)
  await simulation.round()
  await opens(t, simulation, 'more')
  const events = simulation.events().join('\n')
  t.match(events, /secret team-a:extra: its value doesn't fit what is requested/)
  t.notMatch(JSON.stringify([events, simulation.log.lines]), /second line/)
})

t.test('with on-deleted: remove, a key store goes with its password', async (t) => {
  const simulation = await startSimulation(t)
  simulation.azure.rotate({ vault: 'team-a', name: 'pull', value: 'changeit' })
  const remove = { 'akv-injector.io/on-deleted': 'remove' }
  const data = 'a.p12=pfx/web^pull, password=pull, extra'
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(`[{ secret: tls, data: "${data}" }]`, remove),
  )
  await simulation.round()
  await opens(t, simulation, 'changeit')
  simulation.azure.update({ vault: 'team-a', name: 'pull', deleted: true })
  simulation.pass(3_600_000)
  await simulation.round()
  t.strictSame(Object.keys(objectOf(simulation)?.data ?? {}), ['extra'])
})

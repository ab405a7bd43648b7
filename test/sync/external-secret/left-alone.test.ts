import t from 'tap'
import { identity, ready, secret, start, written } from '../harness/external-secret-simulation.ts'

const minuteMs = 60_000
const others = {
  'another controller': { controller: 'blue' },
  'another provider': { provider: { vault: { server: 'https://vault.example' } } },
}

for (const [whose, more] of Object.entries(others)) {
  t.test(`an ExternalSecret whose store is of ${whose} is left alone`, async (t) => {
    const simulation = await start(t)
    const { externalSecrets } = simulation
    externalSecrets.put('SecretStore', { name: 'other' }, { ...simulation.store(), ...more })
    externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
    const spec = secret({ secretStoreRef: { name: 'other' }, target: { name: 'theirs' } })
    externalSecrets.put('ExternalSecret', { name: 'theirs' }, spec)
    // Nothing of it has to be readable here.
    const strange = { ...spec, data: [{ secretKey: 'a', remoteRef: { key: 'path/to/it' } }] }
    externalSecrets.put('ExternalSecret', { name: 'strange' }, strange)
    const oneItem = secret({
      target: { name: 'mixed' },
      dataFrom: [{ extract: { key: 'x' }, sourceRef: { storeRef: { name: 'other' } } }],
    })
    externalSecrets.put('ExternalSecret', { name: 'mixed' }, oneItem)
    for (let i = 0; i < 3; i++) {
      await simulation.round()
      simulation.pass(5 * 3_600_000)
    }
    for (const name of ['theirs', 'strange', 'mixed']) {
      t.equal(externalSecrets.status('ExternalSecret', name), undefined, name)
      t.equal(simulation.values(name), undefined, name)
    }
    t.equal(externalSecrets.status('SecretStore', 'other'), undefined)
    t.strictSame(simulation.events(), [
      'team-a/web Synced: created Secret db',
      'ExternalSecret team-a/db Synced: created Secret db; read as ServiceAccount web',
    ])
  })

  t.test(`a store that changes to ${whose} leaves the Secret, and takes our status`, async (t) => {
    const simulation = await start(t)
    const { externalSecrets } = simulation
    externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
    await simulation.round()
    t.match(ready(simulation), { status: 'True' })
    simulation.events()
    simulation.writes()
    externalSecrets.put('SecretStore', { name: 'kv' }, { ...simulation.store(), ...more })
    for (let i = 0; i < 3; i++) {
      await simulation.round()
      simulation.pass(5 * 3_600_000)
      if (i === 1) simulation.restart()
    }
    t.strictSame(simulation.values('db'), { password: 'correct horse' })
    t.strictSame(simulation.writes(), ['PATCH secretstores/kv/status'], 'once')
    t.equal(externalSecrets.status('ExternalSecret', 'db'), undefined)
    t.equal(externalSecrets.status('SecretStore', 'kv'), undefined)
    t.strictSame(simulation.events(), [])
    externalSecrets.put('SecretStore', { name: 'kv' }, simulation.store())
    await simulation.round()
    t.match(ready(simulation), { status: 'True' })
  })
}

t.test('the status of another controller stays, also once that is silent', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  externalSecrets.put('SecretStore', { name: 'kv' }, { ...simulation.store(), controller: 'blue' })
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret(), written(simulation, 'blue'))
  await simulation.round()
  simulation.pass(24 * 60 * minuteMs)
  await simulation.round()
  const { requests } = simulation.apiServer
  t.strictSame(
    requests.filter(({ method, path }) => method !== 'GET' && path.includes('external-secrets.io')),
    [],
  )
  t.strictSame(simulation.events(), [])
})

t.test('a source that is left alone keeps its Secret’s name from younger sources', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  externalSecrets.put('ExternalSecret', { name: 'old' }, secret({ target: { name: 'same' } }))
  await simulation.round()
  externalSecrets.put('SecretStore', { name: 'kv' }, { ...simulation.store(), controller: 'blue' })
  externalSecrets.put('SecretStore', { name: 'mine' }, simulation.store())
  const spec = secret({ target: { name: 'same' }, secretStoreRef: { name: 'mine' } }, 'extra')
  externalSecrets.put('ExternalSecret', { name: 'young' }, spec, {
    creationTimestamp: '2026-02-01T00:00:00Z',
  })
  await simulation.round()
  t.strictSame(simulation.values('same'), { password: 'correct horse' })
  t.match(ready(simulation, 'young'), {
    status: 'False',
    message: /Secret same: ExternalSecret old, which is older or first by name, requests it too/,
  })
})

t.test('the account may go, or be turned off, without taking the Secret along', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  externalSecrets.put('SecretStore', { name: 'kv' }, { ...simulation.store(), controller: 'blue' })
  const off = { ...identity, 'akv-injector.io/inject': 'false' }
  simulation.apiServer.accounts.put('team-a', 'web', off)
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
  t.strictSame(simulation.events().slice(2), [])
})

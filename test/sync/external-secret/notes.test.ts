import t from 'tap'
import { identity, ready, secret, start } from '../harness/external-secret-simulation.ts'

const younger = { creationTimestamp: '2026-02-01T00:00:00Z' }
const target = { name: 'same' }

t.test('a field of a store without effect is told once, on the ExternalSecret', async (t) => {
  const stores = {
    'authType ServicePrincipal': { authType: 'ServicePrincipal' },
    'authType ManagedIdentity': { authType: 'ManagedIdentity' },
    'authSecretRef.clientId': { authSecretRef: { clientId: { name: 'a', key: 'b' } } },
    identityId: { identityId: '99999999-9999-9999-9999-999999999999' },
  }
  const names = "the ServiceAccount's annotation azure.workload.identity/client-id names the client"
  for (const [what, more] of Object.entries(stores)) {
    const simulation = await start(t)
    const { externalSecrets } = simulation
    externalSecrets.put('SecretStore', { name: 'kv' }, simulation.store(more))
    externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
    for (let i = 0; i < 3; i++) {
      await simulation.round()
      simulation.pass(2 * 3_600_000)
      if (i === 1) simulation.restart()
    }
    const instead = what.startsWith('authType') ? 'write WorkloadIdentity' : names
    const unused = `spec.provider.azurekv.${what} has no effect here; ${instead}`
    const told = `SecretStore kv: ${unused}`
    const note = `read as ServiceAccount web: ${told}`
    t.strictSame(
      simulation.events(),
      [
        'team-a/web Synced: created Secret db',
        'ExternalSecret team-a/db Synced: created Secret db; read as ServiceAccount web',
        `ExternalSecret team-a/db Synced: ${note}`,
      ],
      what,
    )
    t.match(ready(simulation), {
      status: 'True',
      message: `Secret db was synced; read as ServiceAccount web; ${told}`,
    })
    t.match(externalSecrets.status('SecretStore', 'kv')?.conditions[0], {
      status: 'True',
      message: `store validated; ${unused}`,
    })
    externalSecrets.put(
      'SecretStore',
      { name: 'kv' },
      simulation.store({ authType: 'WorkloadIdentity' }),
    )
    await simulation.round()
    t.match(ready(simulation), {
      status: 'True',
      message: 'Secret db was synced; read as ServiceAccount web',
    })
  }
})

t.test('of many fields without effect, five are named and the others counted', async (t) => {
  const simulation = await start(t)
  const reference = { name: 'a', key: 'b' }
  const authSecretRef = {
    clientId: reference,
    tenantId: reference,
    clientSecret: reference,
    clientCertificate: reference,
  }
  const store = simulation.store({ authSecretRef, identityId: 'a', useAzureSDK: true })
  simulation.externalSecrets.put('SecretStore', { name: 'kv' }, store)
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  const [told = ''] = simulation.events().filter((event) => event.includes('has no effect here'))
  t.equal(told.split('has no effect here').length - 1, 5, told)
  t.match(told, /; 1 other field of its stores without effect$/)
})

t.test(
  'two ExternalSecrets for one Secret: both are told once, and the older keeps it',
  async (t) => {
    const simulation = await start(t)
    const { externalSecrets } = simulation
    externalSecrets.put('ExternalSecret', { name: 'b' }, secret({ target }))
    externalSecrets.put('ExternalSecret', { name: 'a' }, secret({ target }, 'extra'), younger)
    for (let i = 0; i < 4; i++) {
      await simulation.round()
      simulation.pass(10 * 60_000)
      if (i === 2) simulation.restart()
    }
    t.strictSame(simulation.values('same'), { password: 'correct horse' })
    t.match(ready(simulation, 'b'), {
      status: 'True',
      message:
        'Secret same was synced; read as ServiceAccount web; Secret same: ExternalSecret a requests it too and does not get it',
    })
    t.match(ready(simulation, 'a'), {
      status: 'False',
      message: /Secret same: ExternalSecret b, which is older or first by name, requests it too/,
    })
    const told = simulation.events().filter((event) => event.includes('requests it too'))
    t.equal(told.filter((event) => event.startsWith('ExternalSecret team-a/b ')).length, 1)
    const version = simulation.version('same')
    await simulation.round()
    t.equal(simulation.version('same'), version, 'nobody writes it again')
    externalSecrets.delete('ExternalSecret', 'b')
    await simulation.round()
    t.strictSame(simulation.values('same'), { password: 'more' }, 'then the other one gets it')
    t.match(ready(simulation, 'a'), {
      status: 'True',
      message: 'Secret same was synced; read as ServiceAccount web',
    })
  },
)

t.test('the annotation of an account comes before its ExternalSecrets', async (t) => {
  const simulation = await start(t)
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret({ target }, 'extra'))
  await simulation.round()
  t.strictSame(simulation.values('same'), { password: 'more' })
  simulation.events()
  simulation.apiServer.accounts.put('team-a', 'web', {
    ...identity,
    'akv-injector.io/sync': '[{ secret: same, data: "password=db-password" }]',
  })
  for (let i = 0; i < 3; i++) await simulation.round()
  t.strictSame(simulation.values('same'), { password: 'correct horse' })
  t.match(ready(simulation), {
    status: 'False',
    message: /Secret same: the annotation of ServiceAccount web requests it too; rename one/,
  })
  const told = simulation.events().filter((event) => event.includes('requests it too'))
  t.strictSame(
    told.map((event) => event.split(':')[0]),
    ['team-a/web SyncFailed', 'ExternalSecret team-a/db SyncFailed'],
  )
})

t.test('the account that created a Secret keeps it if another one requests it, too', async (t) => {
  const simulation = await start(t, ['web', 'api'])
  const { externalSecrets } = simulation
  externalSecrets.put(
    'SecretStore',
    { name: 'kv' },
    simulation.store({ serviceAccountRef: { name: 'web' } }),
  )
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret({ target }))
  await simulation.round('web')
  simulation.writes()
  simulation.apiServer.accounts.put('team-a', 'api', {
    ...identity,
    'akv-injector.io/sync': '[{ secret: same, data: "password=db-password" }]',
  })
  for (let i = 0; i < 3; i++) {
    await simulation.round('api')
    await simulation.round('web')
  }
  t.strictSame(simulation.values('same'), { password: 'correct horse' })
  t.match(ready(simulation), { status: 'True' })
  t.match(simulation.events().join('\n'), /team-a\/api SyncFailed: AKV_SECRET_FOREIGN: Secret same/)
  t.notMatch(simulation.writes().join(), /same/)
})

t.test('an account without a client is told which client of its store is not used', async (t) => {
  const simulation = await start(t)
  const { 'azure.workload.identity/client-id': _, ...without } = identity
  simulation.apiServer.accounts.put('team-a', 'web', without)
  const authSecretRef = {
    clientId: { name: 'login', key: 'id' },
    clientSecret: { name: 'login', key: 'secret' },
  }
  simulation.externalSecrets.put(
    'SecretStore',
    { name: 'kv' },
    simulation.store({ authSecretRef, authType: 'ServicePrincipal' }),
  )
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  const message =
    /AKV_IDENTITY_MISSING: no client ID is configured\. ExternalSecret db: SecretStore kv: .*authType ServicePrincipal has no effect here; .*authSecretRef\.clientSecret has no effect here; nobody signs in with it; give the client a federated credential/
  t.match(ready(simulation), { status: 'False', message })
  t.match(simulation.events().at(-1), message)
})

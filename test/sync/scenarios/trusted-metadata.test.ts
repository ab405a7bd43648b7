import t from 'tap'
import { ready, secret, start } from '../harness/external-secret-simulation.ts'
import { annotations, startSimulation } from '../harness/simulation.ts'

/** Secrets that other controllers would trust, requested in each way. */

const release = 'sh.helm.release.v1.web.v2'
const refusal =
  'Secret sh.helm.release.v1.web.v2: Helm trusts Secrets with such a name; choose another name, or let an administrator add "sh.helm.release.v1.*" to sync.namespaces.team-a.allowedMetadata of the chart'

t.test('an ExternalSecret can’t make a release of Helm', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  const labels = { owner: 'helm', name: 'web', version: '2' }
  const target = { name: release, template: { metadata: { labels } } }
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret({ target }))
  await simulation.round()
  t.equal(simulation.values(release), undefined)
  t.match(ready(simulation), {
    status: 'False',
    message: new RegExp(`^AKV_SYNC_SOURCE: ExternalSecret db: ${refusal.replaceAll('*', '\\*')}`),
  })
  t.match(ready(simulation)?.message, 'label owner=helm: Helm trusts Secrets that have it')
})

t.test(
  'sync creates no Secret whose labels and annotations other controllers would copy',
  async (t) => {
    const simulation = await start(t)
    const { externalSecrets } = simulation
    externalSecrets.put('ExternalSecret', { name: 'a' }, secret(), {
      labels: { 'argocd.argoproj.io/secret-type': 'cluster' },
    })
    externalSecrets.put('ExternalSecret', { name: 'b' }, secret(), {
      annotations: { 'replicator.v1.mittwald.de/replicate-to': '*' },
    })
    externalSecrets.put('ExternalSecret', { name: 'c' }, secret(), {
      labels: { 'app.kubernetes.io/instance': 'web' },
      annotations: {
        'argocd.argoproj.io/tracking-id': 'web:external-secrets.io/ExternalSecret:x/c',
      },
    })
    await simulation.round()
    t.strictSame(['a', 'b', 'c'].map(simulation.values), [
      undefined,
      undefined,
      { password: 'correct horse' },
    ])
  },
)

t.test('no annotation of an account makes sync set trusted metadata', async (t) => {
  const simulation = await startSimulation(t)
  const { accounts } = simulation.apiServer
  accounts.put(
    'team-a',
    'web',
    annotations(`[{ secret: ${release}, data: db-password }, { secret: db, data: extra }]`),
  )
  await simulation.round()
  t.equal(simulation.values('db'), undefined, 'a mistake in the list changes nothing')
  t.ok(simulation.events().join().includes(refusal))
})

t.test('no class makes sync set trusted metadata', async (t) => {
  const simulation = await startSimulation(t, { classesOf: ['web'] })
  const { accounts, classes } = simulation.apiServer
  accounts.put('team-a', 'web', annotations('[{ secret: db, data: extra }]'))
  classes.put('team-a', 'kv', {
    provider: 'azure',
    parameters: {
      keyvaultName: 'team-a',
      tenantId: annotations('')['azure.workload.identity/tenant-id'],
      objects: 'array:\n  - |\n    objectName: extra\n    objectType: secret\n',
    },
    secretObjects: [
      { secretName: release, type: 'Opaque', data: [{ objectName: 'extra', key: 'x' }] },
    ],
  })
  await simulation.round()
  t.strictSame(simulation.values('db'), { extra: 'more' })
  t.equal(simulation.values(release), undefined)
  t.ok(simulation.events().join().includes(refusal))
})

t.test('an administrator can allow it in a namespace', async (t) => {
  const simulation = await start(t)
  const allowed = new Map([['team-a', new Set(['argocd.argoproj.io/secret-type'])]])
  Object.assign(simulation.options.policy, { allowedMetadata: allowed })
  simulation.externalSecrets.put('ExternalSecret', { name: 'db' }, secret(), {
    labels: { 'argocd.argoproj.io/secret-type': 'repository' },
  })
  await simulation.round()
  const { labels } = simulation.apiServer.secrets.get('team-a/db')?.metadata ?? {}
  t.match(labels, { 'argocd.argoproj.io/secret-type': 'repository' })

  // The exception ends, as after an upgrade from a version that allowed everything.
  Object.assign(simulation.options.policy, { allowedMetadata: new Map() })
  simulation.restart()
  simulation.pass(3_700_000)
  await simulation.round()
  const kept = simulation.apiServer.secrets.get('team-a/db')
  t.match(kept?.metadata.labels, { 'argocd.argoproj.io/secret-type': 'repository' })
  t.match(kept?.data, { password: /./ }, 'the Secret stays as it is')
  t.match(ready(simulation), { status: 'False', message: /Argo CD trusts Secrets that have it/ })
})

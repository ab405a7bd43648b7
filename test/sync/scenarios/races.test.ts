import t from 'tap'
import type { ApiRequest } from '../../support/api-server/answer-request.ts'
import { annotations, type Simulation, startSimulation } from '../harness/simulation.ts'

const db = '[{ secret: db, data: "password=db-password, url=db#url" }]'
const good = { password: 'correct horse', url: 'postgres://x' }

/** Does something once, just before the first request of this kind is answered. */
function onFirst(
  simulation: Simulation,
  isIt: (request: ApiRequest) => boolean,
  act: () => void,
): void {
  let isDone = false
  simulation.apiServer.before = (request) => {
    if (!isDone && isIt(request)) {
      isDone = true
      act()
    }
    return undefined
  }
}

function putForeign(simulation: Simulation, name: string): void {
  simulation.apiServer.secrets.create(`team-a/${name}`, { data: { theirs: 'eA==' } })
}

const writes =
  (method: string) =>
  ({ method: found, path }: ApiRequest) =>
    found === method && /\/secrets(\/db)?$/.test(path)

t.test('a foreign Secret that appears just before the creation is not changed', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  const isOurs = ({ method, body }: ApiRequest) =>
    method === 'POST' && (body as { metadata?: { name?: string } }).metadata?.name === 'db'
  onFirst(simulation, isOurs, () => putForeign(simulation, 'db'))
  await simulation.round()
  t.strictSame(simulation.values('db'), { theirs: 'x' })
  t.match(simulation.events(), [/SyncFailed: AKV_SECRET_FOREIGN: .*db/])
  await simulation.round()
  t.strictSame(simulation.events(), [], 'told once')
  simulation.apiServer.secrets.edit('team-a/db', {
    annotations: { 'akv-injector.io/adopt': 'true' },
  })
  await simulation.round()
  t.strictSame(simulation.values('db'), { theirs: 'x', ...good })
  t.match(simulation.events(), [/Synced: adopted Secret db$/, /everything is in sync again$/])
})

t.test('a Secret deleted during the fetch or before the write is created again', async (t) => {
  for (const moment of [
    ({ path }: ApiRequest) => path.endsWith('/secrets/akv-injector-sync-web'),
    writes('PATCH'),
  ]) {
    const simulation = await startSimulation(t)
    simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
    await simulation.round()
    const uid = simulation.apiServer.secrets.get('team-a/db')?.metadata.uid
    simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
    simulation.pass(301_000)
    onFirst(simulation, moment, () => simulation.apiServer.secrets.delete('team-a/db'))
    await simulation.round()
    t.strictSame(simulation.values('db'), { ...good, password: 'new one' })
    t.not(
      simulation.apiServer.secrets.get('team-a/db')?.metadata.uid,
      uid,
      'made anew, not resurrected',
    )
  }
})

t.test('a foreign Secret that replaces ours is neither written nor deleted', async (t) => {
  for (const [method, sync] of [
    ['PATCH', db],
    ['DELETE', '[{ secret: other, data: extra }]'],
  ] as const) {
    const simulation = await startSimulation(t)
    simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
    await simulation.round()
    simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
    simulation.apiServer.accounts.put('team-a', 'web', annotations(sync))
    simulation.pass(301_000)
    onFirst(simulation, writes(method), () => {
      simulation.apiServer.secrets.delete('team-a/db')
      putForeign(simulation, 'db')
    })
    await simulation.round()
    t.strictSame(simulation.values('db'), { theirs: 'x' }, method)
  }
})

t.test('a recreated account gets new Secrets', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  const before = simulation.apiServer.secrets.get('team-a/db')?.metadata
  simulation.apiServer.accounts.delete('team-a', 'web')
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  const after = simulation.apiServer.secrets.get('team-a/db')?.metadata
  t.not(after?.uid, before?.uid)
  t.not(after?.ownerReferences?.[0]?.uid, before?.ownerReferences?.[0]?.uid)
  t.strictSame(simulation.values('db'), good)
  t.strictSame(simulation.events().slice(1), ['team-a/web Synced: renewed Secret db'])
})

t.test('a value that somebody else changed is left alone and reported once', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  simulation.events()
  simulation.apiServer.secrets.edit('team-a/db', { data: { password: 'edited', more: 'x' } })
  for (let i = 0; i < 3; i++) {
    simulation.pass(301_000)
    await simulation.round()
  }
  t.strictSame(simulation.values('db'), { ...good, password: 'edited', more: 'x' })
  t.match(simulation.events(), [/AKV_SECRET_CONFLICT: .*data\.password belongs to "kubectl-edit"/])
})

t.test('sync waits for a Secret that finalizers keep', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  simulation.apiServer.secrets.edit('team-a/db', { finalizers: ['x.io/y'] })
  simulation.apiServer.secrets.delete('team-a/db')
  simulation.pass(301_000)
  const nextMs = await simulation.round()
  t.ok(nextMs && nextMs <= 5_000, 'soon')
  simulation.writes()
  simulation.apiServer.secrets.edit('team-a/db', { finalizers: [] })
  simulation.apiServer.secrets.delete('team-a/db')
  await simulation.round()
  t.strictSame(simulation.values('db'), good)
})

t.test('failed writes into a terminating namespace are reported once', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  simulation.apiServer.before = ({ method, path }) =>
    method === 'POST' && !path.endsWith('/token')
      ? [403, { details: { causes: [{ reason: 'NamespaceTerminating' }] } }]
      : undefined
  await simulation.round()
  await simulation.round()
  const warnings = simulation.log.lines.filter(({ level }) => level === 'warn')
  t.match(warnings[0], { code: 'AKV_CLUSTER_FORBIDDEN', message: /its namespace is being deleted/ })
})

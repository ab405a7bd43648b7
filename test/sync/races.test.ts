import t from 'tap'
import type { ApiRequest } from '../support/api-server/answer-request.ts'
import { annotations, startWorld, type World } from './world.ts'

const db = '[{ secret: db, data: "password=db-password, url=db#url" }]'
const good = { password: 'correct horse', url: 'postgres://x' }

/** Does something once, just before the first request of this kind is answered. */
function onFirst(world: World, isIt: (request: ApiRequest) => boolean, act: () => void): void {
  let isDone = false
  world.apiServer.before = (request) => {
    if (!isDone && isIt(request)) {
      isDone = true
      act()
    }
    return undefined
  }
}

function putForeign(world: World, name: string): void {
  world.apiServer.secrets.create(`team-a/${name}`, { data: { theirs: 'eA==' } })
}

const writes =
  (method: string) =>
  ({ method: found, path }: ApiRequest) =>
    found === method && /\/secrets(\/db)?$/.test(path)

t.test('a foreign Secret that appears in the last moment is not touched', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  const isOurs = ({ method, body }: ApiRequest) =>
    method === 'POST' && (body as { metadata?: { name?: string } }).metadata?.name === 'db'
  onFirst(world, isOurs, () => putForeign(world, 'db'))
  await world.round()
  t.strictSame(world.values('db'), { theirs: 'x' })
  t.match(world.events(), [/SyncFailed: AKV_SECRET_FOREIGN: .*db/])
  await world.round()
  t.strictSame(world.events(), [], 'told once')
  world.apiServer.secrets.edit('team-a/db', { annotations: { 'akv-injector.io/adopt': 'true' } })
  await world.round()
  t.strictSame(world.values('db'), { theirs: 'x', ...good })
  t.match(world.events(), [/Synced: adopted Secret db$/, /everything is in sync again$/])
})

t.test('a Secret deleted while its values are fetched, or before it is written', async (t) => {
  for (const moment of [
    ({ path }: ApiRequest) => path.endsWith('/secrets/akv-injector-sync-web'),
    writes('PATCH'),
  ]) {
    const world = await startWorld(t)
    world.apiServer.accounts.put('team-a', 'web', annotations(db))
    await world.round()
    const uid = world.apiServer.secrets.get('team-a/db')?.metadata.uid
    world.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
    world.pass(301_000)
    onFirst(world, moment, () => world.apiServer.secrets.delete('team-a/db'))
    await world.round()
    t.strictSame(world.values('db'), { ...good, password: 'new one' })
    t.not(world.apiServer.secrets.get('team-a/db')?.metadata.uid, uid, 'made anew, not resurrected')
  }
})

t.test('a Secret replaced by a foreign one before it is written, or deleted', async (t) => {
  for (const [method, sync] of [
    ['PATCH', db],
    ['DELETE', '[{ secret: other, data: extra }]'],
  ] as const) {
    const world = await startWorld(t)
    world.apiServer.accounts.put('team-a', 'web', annotations(db))
    await world.round()
    world.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
    world.apiServer.accounts.put('team-a', 'web', annotations(sync))
    world.pass(301_000)
    onFirst(world, writes(method), () => {
      world.apiServer.secrets.delete('team-a/db')
      putForeign(world, 'db')
    })
    await world.round()
    t.strictSame(world.values('db'), { theirs: 'x' }, method)
  }
})

t.test('an account that is made anew gets its Secrets anew', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  const before = world.apiServer.secrets.get('team-a/db')?.metadata
  world.apiServer.accounts.delete('team-a', 'web')
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  const after = world.apiServer.secrets.get('team-a/db')?.metadata
  t.not(after?.uid, before?.uid)
  t.not(after?.ownerReferences?.[0]?.uid, before?.ownerReferences?.[0]?.uid)
  t.strictSame(world.values('db'), good)
  t.strictSame(world.events().slice(1), ['team-a/web Synced: renewed Secret db'])
})

t.test('what somebody else changed of ours is left to them, and told once', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  world.events()
  world.apiServer.secrets.edit('team-a/db', { data: { password: 'edited', more: 'x' } })
  for (let i = 0; i < 3; i++) {
    world.pass(301_000)
    await world.round()
  }
  t.strictSame(world.values('db'), { ...good, password: 'edited', more: 'x' })
  t.match(world.events(), [/AKV_SECRET_CONFLICT: .*data\.password belongs to "kubectl-edit"/])
})

t.test('killed at any point, the next life brings it to the same end', async (t) => {
  const two = `${db.slice(0, -1)}, { secret: more, data: extra }]`
  const world = await startWorld(t)
  for (let survived = 0; survived < 9; survived++) {
    world.apiServer.accounts.delete('team-a', 'web')
    for (const path of world.apiServer.secrets.names()) world.apiServer.secrets.delete(path)
    const killAfter = (count: number) => {
      let left = count
      world.apiServer.before = ({ method, path }) => {
        if (left < 0) return [503, {}]
        if (method !== 'GET' && path.includes('/secrets')) left -= 1
        return left < 0 ? [503, {}] : undefined
      }
    }
    world.apiServer.accounts.put('team-a', 'web', annotations(two))
    killAfter(survived)
    await world.round()
    world.restart()
    world.apiServer.before = () => undefined
    await world.round()
    t.strictSame(world.values('db'), good, `${survived} writes survived`)
    t.strictSame(world.values('more'), { extra: 'more' })

    world.apiServer.accounts.put('team-a', 'web', annotations(db))
    killAfter(survived)
    await world.round()
    world.restart()
    world.apiServer.before = () => undefined
    await world.round()
    t.equal(world.values('more'), undefined)
    world.writes()
    world.pass(301_000)
    await world.round()
    t.strictSame(world.writes(), [])
  }
})

t.test('a Secret that finalizers keep is waited for', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  world.apiServer.secrets.edit('team-a/db', { finalizers: ['x.io/y'] })
  world.apiServer.secrets.delete('team-a/db')
  world.pass(301_000)
  const nextMs = await world.round()
  t.ok(nextMs && nextMs <= 5_000, 'soon')
  world.writes()
  world.apiServer.secrets.edit('team-a/db', { finalizers: [] })
  world.apiServer.secrets.delete('team-a/db')
  await world.round()
  t.strictSame(world.values('db'), good)
})

t.test('nothing can be written into a namespace that goes away', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  world.apiServer.before = ({ method, path }) =>
    method === 'POST' && !path.endsWith('/token')
      ? [403, { details: { causes: [{ reason: 'NamespaceTerminating' }] } }]
      : undefined
  await world.round()
  await world.round()
  const warnings = world.log.lines.filter(({ level }) => level === 'warn')
  t.match(warnings[0], { code: 'AKV_CLUSTER_FORBIDDEN', message: /its namespace is being deleted/ })
})

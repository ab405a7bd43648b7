import t from 'tap'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import { readAccount } from '../../../requests/account/read-account.ts'
import { secretData } from '../../../sync/plan/secret-data.ts'
import { heldObjects, syncedObjects, syncedText } from '../../../sync/plan/synced-objects.ts'
import { policy } from '../../webhook/core/policy.ts'

const [first, second] = ['1'.repeat(32), '2'.repeat(32)]

function configOf(sync: string, onDeleted = 'keep') {
  const annotations = {
    'akv-injector.io/vault': 'team-a',
    'akv-injector.io/on-deleted': onDeleted,
    'akv-injector.io/sync': sync,
  }
  return (readAccount({ namespace: 'shop', name: 'web', annotations }, policy) as SyncRequest)
    .config
}

/** A round in which these files have these texts. */
function round(config: ReturnType<typeof configOf>, files: Record<string, string>) {
  const entries = Object.entries(files).map(([path, text]) => {
    const [secret = '', key = ''] = path.split('/')
    return [path, { bytes: Buffer.from(text), to: { kind: 'key', secret, key } }] as const
  })
  return {
    config,
    content: { files: new Map(entries), env: new Map() },
    filled: new Set<string>(),
    removed: new Set<string>(),
  }
}

const empty = { files: new Map() }

const data = (...args: Parameters<typeof secretData>) => {
  const { keys, state } = secretData(...args)
  const texts = [...keys].map(([key, bytes]) => [key, Buffer.from(bytes).toString()])
  return { keys: Object.fromEntries(texts), state }
}

t.test('a Secret gets only the keys below its own name', async (t) => {
  const config = configOf('- { secret: db, data: "x, y?" }\n- { secret: db.x, data: z }')
  const files = { 'db/x': '1', 'db.x/z': '2' }
  t.strictSame(data('db', round(config, files)), { keys: { x: '1' }, state: 'whole' })
  t.strictSame(data('db.x', round(config, files)), { keys: { z: '2' }, state: 'whole' })
  t.strictSame(data('d', round(config, files)), { keys: {}, state: 'unfound' })
})

t.test('missing required values make the Secret wait', async (t) => {
  const config = configOf('- { secret: db, data: "x, y" }\n- { secret: web, data: tls/web }')
  t.match(data('db', round(config, { 'db/x': '1' })), { state: 'waiting' })
  t.match(data('web', round(config, { 'web/tls.crt': 'c' })), { state: 'waiting' })
  t.match(data('web', round(config, { 'web/tls.crt': 'c', 'web/tls.key': 'k' })), {
    state: 'whole',
  })
})

t.test('a JSON object gives a key for each property, even if it has none', async (t) => {
  const config = configOf('- { secret: app, data: "config#*" }')
  t.match(data('app', round(config, {})), { state: 'waiting' })
  t.match(data('app', round(config, { 'app/a': '1' })), { keys: { a: '1' }, state: 'whole' })
  const filled = new Set(['app'])
  t.strictSame(data('app', { ...round(config, {}), filled }), { keys: {}, state: 'whole' })
  const renamed = configOf('- { secret: app2, data: "config#*" }')
  t.match(data('app2', { ...round(renamed, {}), filled }), { state: 'waiting' })
})

t.test('a key whose object is gone is removed only if on-deleted says so', async (t) => {
  const sync = '- { secret: db, data: "x, y" }'
  const removed = new Set(['team-a:secrets/y'])
  const files = { 'db/x': '1' }
  t.match(data('db', { ...round(configOf(sync), files), removed }), { state: 'waiting' })
  const config = configOf(sync, 'remove')
  t.match(data('db', { ...round(config, files), removed }), { keys: { x: '1' }, state: 'reduced' })
  t.match(data('db', { ...round(config, {}), removed }), { state: 'waiting' }, 'x has no value yet')
})

t.test('the objects of a Secret are listed once, sorted, with their versions', async (t) => {
  const config = configOf(
    `- { secret: db, data: "b=Pass, a=pass#x, tls/web, pin=c@${second}, t=team-b:pass, o=new?" }\n- { secret: e, data: other }`,
  )
  const versions = new Map([
    [`team-a:secrets/c@${second}`, second],
    ['team-a:secrets/pass', first],
    ['team-a:secrets/web', second],
    ['team-b:secrets/pass', second],
    ['team-a:secrets/other', second],
  ])
  const text = `team-a:c@${second}, team-a:pass@${first}, team-a:tls/web@${second}, team-b:pass@${second}`
  t.equal(
    syncedText(syncedObjects('db', { config, versions, removed: new Set(), content: empty })),
    text,
  )
  t.equal(syncedText([]), '')
})

t.test('an unknown version is taken from the annotation, for that object only', async (t) => {
  const config = configOf('- { secret: db, data: "x, y, xx" }')
  const objects = syncedObjects('db', {
    config,
    versions: new Map([['team-a:secrets/x', second]]),
    removed: new Set(),
    content: empty,
  })
  const before = `team-a:gone@${first}, team-a:x@${first}, team-a:y@${first}`
  t.equal(syncedText(objects, { before }), `team-a:x@${second}, team-a:y@${first}`)
})

t.test('a removed object is no longer listed', async (t) => {
  const sync = '- { secret: db, data: "x, y" }'
  const versions = new Map([
    ['team-a:secrets/x', first],
    ['team-a:secrets/y', second],
  ])
  const removed = new Set(['team-a:secrets/y'])
  const before = `team-a:x@${first}, team-a:y@${second}`
  const textOf = (config: ReturnType<typeof configOf>) =>
    syncedText(syncedObjects('db', { config, versions, removed, content: empty }), { before })
  t.equal(textOf(configOf(sync, 'remove')), `team-a:x@${first}`)
  t.equal(textOf(configOf(sync)), before, 'what is kept is')
})

t.test('a Secret holds what its annotation lists, and what it was read to hold', async (t) => {
  const stored = (synced?: string) => ({
    name: 'db',
    uid: 'u',
    resourceVersion: '1',
    type: 'Opaque',
    isImmutable: false,
    isBeingDeleted: false,
    labels: new Map(),
    annotations: new Map(synced === undefined ? [] : [['akv-injector.io/synced', synced]]),
    owners: [],
    data: new Map(),
    applied: { data: new Set<string>(), labels: new Set<string>(), annotations: new Set<string>() },
    others: new Map(),
  })
  const reference = (name: string) => ({ vault: 'team-a', type: 'secret', name }) as const
  const [x, y] = [reference('x'), reference('Y')]
  const objects = [
    { reference: x, hasValue: true },
    { reference: { ...y, version: first }, hasValue: true },
    { reference: y, hasValue: true },
    { reference: reference('none'), hasValue: false },
  ]
  const listed = `team-a:x@${first}, team-a:x@${second}`
  const both = [
    { ...x, version: first },
    { ...x, version: second },
  ]
  t.strictSame(heldObjects(undefined, objects), [])
  t.strictSame(heldObjects(stored(), objects), [x, y])
  t.strictSame(heldObjects(stored(listed), objects), [...both, y])
  t.strictSame(
    heldObjects(stored(`team-a:old@${first}`), objects),
    [{ ...reference('old'), version: first }],
    'the values may be of the object before',
  )
  t.strictSame(heldObjects(stored(`${listed}, lie\nweb: ready`), objects), [...both, y])
})

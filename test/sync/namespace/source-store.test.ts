import t from 'tap'
import type { SeenClass } from '../../../requests/class/seen-class.ts'
import { createFairShares } from '../../../sync/memory/fair-shares.ts'
import {
  bytesOf,
  maxNames,
  maxObjects,
  objectMemory,
} from '../../../sync/namespace/kept-objects.ts'
import { createSourceStore } from '../../../sync/namespace/source-store.ts'

const seen = (name: string, bytes = 100, resourceVersion = '1'): SeenClass => ({
  namespace: 'shop',
  name,
  uid: `uid-${name}`,
  resourceVersion,
  createdAtMs: 0,
  content: { kind: 'kept', text: `{"x":${bytes}}`, claims: [], bytes },
})
/** What one namespace may hold of the bytes that {@link open} shares, and what an object takes besides its content. */
const share = 8 * 1024 * 1024
const ownBytes = bytesOf(seen('kv-0', 0))
function open(namespaceShare = share) {
  const shares = createFairShares({ maxBytes: (4 * namespaceShare) / 3, namespaces: 1 })
  let nowMs = 1_000
  let changes = 0
  const store = createSourceStore({
    plural: 'classes',
    memory: objectMemory(shares, { namespace: 'shop', plural: 'classes' }),
    clock: { now: () => nowMs },
    onChange: () => changes++,
  })
  return { store, shares, changes: () => changes, pass: (ms: number) => (nowMs += ms) }
}

t.test('the time of a class’s deletion is known once the classes have been listed', async (t) => {
  const { store, pass } = open()
  t.notOk(store.isSettled())
  t.strictSame(store.stateOfGone('kv'), { kind: 'unknown' })
  store.failed()
  t.ok(store.isSettled(), 'the accounts needn’t wait longer')
  t.strictSame(store.stateOfGone('kv'), { kind: 'unknown' })
  store.put(seen('kv'))
  store.listed()
  t.strictSame(store.stateOfGone('never-seen'), { kind: 'gone', sinceMs: 1_000 })
  pass(5_000)
  store.remove('kv')
  store.listed()
  t.strictSame(store.stateOfGone('kv'), { kind: 'gone', sinceMs: 6_000 })
  pass(500_000)
  store.remove('other')
  t.strictSame(store.stateOfGone('kv'), { kind: 'gone', sinceMs: 1_000 }, 'longer than a minute')
  store.put(seen('kv'))
  t.ok(store.has('kv'))
})

t.test('more classes than are kept: the others are named, until there is room', async (t) => {
  for (const [count, bytes, sentence] of [
    [maxObjects, 100, /^is one too many: .*at most 500 classes in a namespace; delete some$/],
    [4, share / 4 - ownBytes, /^needs more memory than its namespace's share: .*; delete some/],
  ] as const) {
    const { store } = open()
    for (let i = 0; i < count; i++) t.ok(store.put(seen(`kv-${i}`, bytes - (i === 3 ? 9_000 : 0))))
    t.notOk(store.put(seen('late', bytes)))
    t.ok(store.put({ ...seen('without'), content: { kind: 'nothing' } }), 'it takes little room')
    store.listed()
    const { content } = store.all().find(({ name }) => name === 'late') ?? seen('none')
    t.match(content, { kind: 'refused', sentence })
    t.notOk(store.hasRoom())
    store.remove('kv-0')
    t.ok(store.hasRoom())
    t.ok(store.put(seen('late', bytes)), 'the next list brings it again')
    store.listed()
    t.notOk(store.hasRoom())
    store.remove('kv-1')
    t.notOk(store.hasRoom(), 'nobody waits for it')
  }
})

t.test('a class can use the room that another namespace has left', async (t) => {
  const { store, shares } = open()
  const quarter = share / 4
  t.ok(shares.hold('other', 'x', 3 * quarter))
  t.ok(store.put(seen('kv', 3 * quarter - ownBytes)))
  t.notOk(store.put(seen('late', quarter - 2 * ownBytes)))
  store.listed()
  t.notOk(store.hasRoom())
  shares.release('other', 'x')
  t.ok(store.hasRoom())
})

t.test('no other list is requested if the class that didn’t fit was deleted', async (t) => {
  const { store } = open()
  t.ok(store.put(seen('large', share - 2 * ownBytes)))
  t.notOk(store.put(seen('late', ownBytes)))
  store.listed()
  store.remove('late')
  t.notOk(store.hasRoom())
})

t.test('a class that grows and shrinks is counted once', async (t) => {
  const { store, changes } = open()
  const largest = share - 2 * ownBytes
  for (let i = 1; i < 50; i++) t.ok(store.put(seen('kv', largest - i, String(i))))
  t.equal(changes(), 49)
  t.notOk(store.put(seen('other', ownBytes)))
  store.remove('kv')
  t.ok(store.put(seen('other', largest)))
})

t.test('a class that isn’t kept still claims its Secrets, as long as there is room', async (t) => {
  const { store } = open()
  const names = Array.from({ length: 20 }, (_, i) => `${i}-`.padEnd(200, 'x'))
  const refused = (name: string, claims: readonly string[]): SeenClass => ({
    ...seen(name),
    content: { kind: 'refused', sentence: 'is too large', claims },
  })
  const claims = (name: string) => {
    const { content } = store.all().find((source) => source.name === name) ?? seen(name)
    return content.kind === 'refused' ? content.claims : undefined
  }
  store.put(refused('large', names))
  t.strictSame(claims('large'), names)
  t.ok(store.put(seen('whole', share - ownBytes - 16_000)))
  const late: SeenClass = {
    ...seen('late'),
    content: { kind: 'kept', text: '', claims: ['a', 'b'], bytes: share },
  }
  t.notOk(store.put(late))
  t.strictSame(claims('late'), ['a', 'b'])
  t.ok(store.put(refused('more', names)), 'a later list would not find more of it')
  t.strictSame(claims('more'), [])
  store.remove('large')
  store.put(refused('more', names))
  t.strictSame(claims('more'), names, 'there is room again')
})

t.test('without room even for names, a source store knows no changes', async (t) => {
  const { store } = open(ownBytes * 2)
  t.ok(store.put(seen('kv')))
  store.listed()
  const message =
    /^the namespace's share of the controller's memory has no room even for the names of all classes, /
  t.throws(
    () => {
      for (let i = 0; i < 100; i++) store.put(seen(`late-${i}`, share))
    },
    { code: 'AKV_SYNC_SOURCE', message },
  )
  store.failed()
  t.ok(store.has('kv'), 'what is known stays')
  t.equal(store.get('kv')?.content.kind, 'kept')
})

t.test('a change of the status alone doesn’t make the store read everything again', async (t) => {
  const { store, changes } = open()
  store.put(seen('kv'))
  const unlisted = store.version()
  store.listed()
  t.not(store.version(), unlisted, 'what isn’t kept does not exist, from now on')
  const version = store.version()
  store.put(seen('kv', 100, '2'))
  store.listed()
  t.equal(store.version(), version)
  t.equal(changes(), 4)
  store.put(seen('kv', 101, '3'))
  t.not(store.version(), version)
  const changed = store.version()
  store.remove('kv')
  t.not(store.version(), changed)
})

t.test('a list that is read page by page keeps no more than the store', async (t) => {
  const { store, shares } = open()
  store.put(seen('kept', share / 2))
  store.put(seen('shrinks', share / 4))
  store.listed()
  const reduce = store.reducer()
  const again = seen('kept', share / 2)
  t.equal(reduce(again), store.get('kept'), 'an unchanged object takes no more memory')
  const size = share / 10
  const late = Array.from({ length: 2 * maxObjects }, (_, i) => seen(`late-${i}`, size, '2'))
  const list = [seen('shrinks', 100, '2'), ...late].map(reduce)
  const bytes = list.map(({ content }) => (content.kind === 'kept' ? content.bytes : 0))
  t.ok(bytes.reduce((sum, count) => sum + count) <= share / 2)
  t.equal(bytes[0], 100)
  t.match(list.at(-1)?.content, { kind: 'refused', sentence: /^needs more memory / })

  for (const source of list) store.put(source)
  store.listed()
  t.strictSame(store.get('kept'), again)
  const isKept = ({ content }: SeenClass) => content.kind === 'kept'
  const keptCount = store.all().filter(isKept).length
  t.ok(keptCount > 4 && keptCount < 7, 'half of the room was left')
  t.notOk(store.hasRoom())
  store.remove('kept')
  t.ok(store.hasRoom())
  const next = [seen('shrinks', 100, '2'), ...late].map(store.reducer())
  t.ok(next.filter((source) => store.put(source)).length >= 9)
  store.listed()
  for (const { name } of store.all()) store.remove(name)
  t.ok(shares.hold('shop', 'all', share), 'nothing is held any more')
})

t.test('a list that fails holds nothing', async (t) => {
  const { store, shares } = open()
  store.put(seen('kv', 100))
  store.listed()
  const reduce = store.reducer()
  for (let i = 0; i < 20; i++) reduce(seen(`late-${i}`, share / 10, '2'))
  t.ok(shares.roomFor('shop', 'x') < share / 2)
  store.reducer()
  t.ok(shares.roomFor('shop', 'x') > share - 2 * ownBytes)
})

t.test('an object that gets room later counts as a change', async (t) => {
  const { store } = open()
  store.put(seen('large', share - 2 * ownBytes))
  store.put(seen('late', ownBytes))
  store.remove('large')
  const version = store.version()
  store.put(seen('late', ownBytes))
  t.not(store.version(), version)
})

t.test('a store with too many objects knows no changes, so no Secret is deleted', async (t) => {
  const { store } = open()
  store.put(seen('kv'))
  store.listed()
  const reduce = store.reducer()
  const all = Array.from({ length: maxNames }, (_, i) => seen(`kv-${i}`))
  for (const source of all) reduce(source)
  const message = /^found more than 5000 classes, .*; delete some$/
  t.throws(() => reduce(seen('one-more')), { code: 'AKV_SYNC_SOURCE', message })
  for (const source of all.slice(1)) store.put(source)
  t.throws(() => store.put(seen('one-more')), { message })
  store.put(seen('kv', 101, '2'))
  store.failed()
  t.equal(store.all().length, maxNames, 'a running controller continues with what it knows')
  t.ok(store.isKnown())

  const { store: restarted } = open()
  restarted.failed()
  t.strictSame(restarted.all(), [])
  t.strictSame(restarted.stateOfGone('kv'), { kind: 'unknown' }, 'so its Secrets stay')
})

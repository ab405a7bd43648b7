import t from 'tap'
import type { SeenClass } from '../../../requests/class/seen-class.ts'
import { FairShares } from '../../../sync/memory/fair-shares.ts'
import { bytesOf, objectMemory } from '../../../sync/namespace/kept-objects.ts'
import { WatchedObjects } from '../../../sync/namespace/watched-objects.ts'

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
  const shares = new FairShares({ maxBytes: (4 * namespaceShare) / 3, namespaces: 1 })
  let nowMs = 1_000
  let changes = 0
  const watched = new WatchedObjects({
    plural: 'classes',
    memory: objectMemory(shares, { namespace: 'shop', plural: 'classes' }),
    clock: { now: () => nowMs },
    onChange: () => changes++,
  })
  return { watched, shares, changes: () => changes, pass: (ms: number) => (nowMs += ms) }
}

t.test('the time of a class’s deletion is known once the classes have been listed', async (t) => {
  const { watched, pass } = open()
  t.notOk(watched.isSettled())
  t.strictSame(watched.stateOfGone('kv'), { kind: 'unknown' })
  watched.failed()
  t.ok(watched.isSettled(), 'the accounts needn’t wait longer')
  t.strictSame(watched.stateOfGone('kv'), { kind: 'unknown' })
  watched.put(seen('kv'))
  watched.listed()
  t.strictSame(watched.stateOfGone('never-seen'), { kind: 'gone', sinceMs: 1_000 })
  pass(5_000)
  watched.remove('kv')
  watched.listed()
  t.strictSame(watched.stateOfGone('kv'), { kind: 'gone', sinceMs: 6_000 })
  pass(500_000)
  watched.remove('other')
  t.strictSame(watched.stateOfGone('kv'), { kind: 'gone', sinceMs: 1_000 }, 'longer than a minute')
  watched.put(seen('kv'))
  t.ok(watched.has('kv'))
})

t.test('more classes than are kept: the others are named, until there is room', async (t) => {
  for (const [count, bytes, sentence] of [
    [500, 100, /^is one too many: .*at most 500 classes in a namespace; delete some$/],
    [4, share / 4 - ownBytes, /^needs more memory than its namespace's share: .*; delete some/],
  ] as const) {
    const { watched } = open()
    for (let i = 0; i < count; i++)
      t.ok(watched.put(seen(`kv-${i}`, bytes - (i === 3 ? 9_000 : 0))))
    t.notOk(watched.put(seen('late', bytes)))
    t.ok(watched.put({ ...seen('without'), content: { kind: 'nothing' } }), 'it takes little room')
    watched.listed()
    const { content } = watched.all().find(({ name }) => name === 'late') ?? seen('none')
    t.match(content, { kind: 'refused', sentence })
    t.notOk(watched.hasRoom())
    watched.remove('kv-0')
    t.ok(watched.hasRoom())
    t.ok(watched.put(seen('late', bytes)), 'the next list brings it again')
    watched.listed()
    t.notOk(watched.hasRoom())
    watched.remove('kv-1')
    t.notOk(watched.hasRoom(), 'nobody waits for it')
  }
})

t.test('a class can use the room that another namespace has left', async (t) => {
  const { watched, shares } = open()
  const quarter = share / 4
  t.ok(shares.hold('other', 'x', 3 * quarter))
  t.ok(watched.put(seen('kv', 3 * quarter - ownBytes)))
  t.notOk(watched.put(seen('late', quarter - 2 * ownBytes)))
  watched.listed()
  t.notOk(watched.hasRoom())
  shares.release('other', 'x')
  t.ok(watched.hasRoom())
})

t.test('no other list is requested if the class that didn’t fit was deleted', async (t) => {
  const { watched } = open()
  t.ok(watched.put(seen('large', share - 2 * ownBytes)))
  t.notOk(watched.put(seen('late', ownBytes)))
  watched.listed()
  watched.remove('late')
  t.notOk(watched.hasRoom())
})

t.test('a class that grows and shrinks is counted once', async (t) => {
  const { watched, changes } = open()
  const largest = share - 2 * ownBytes
  for (let i = 1; i < 50; i++) t.ok(watched.put(seen('kv', largest - i, String(i))))
  t.equal(changes(), 49)
  t.notOk(watched.put(seen('other', ownBytes)))
  watched.remove('kv')
  t.ok(watched.put(seen('other', largest)))
})

t.test('a class that isn’t kept still claims its Secrets, as long as there is room', async (t) => {
  const { watched } = open()
  const names = Array.from({ length: 20 }, (_, i) => `${i}-`.padEnd(200, 'x'))
  const refused = (name: string, claims: readonly string[]): SeenClass => ({
    ...seen(name),
    content: { kind: 'refused', sentence: 'is too large', claims },
  })
  const claims = (name: string) => {
    const { content } = watched.all().find((source) => source.name === name) ?? seen(name)
    return content.kind === 'refused' ? content.claims : undefined
  }
  watched.put(refused('large', names))
  t.strictSame(claims('large'), names)
  t.ok(watched.put(seen('whole', share - ownBytes - 16_000)))
  const late: SeenClass = {
    ...seen('late'),
    content: { kind: 'kept', text: '', claims: ['a', 'b'], bytes: share },
  }
  t.notOk(watched.put(late))
  t.strictSame(claims('late'), ['a', 'b'])
  t.ok(watched.put(refused('more', names)), 'a later list would not find more of it')
  t.strictSame(claims('more'), [])
  watched.remove('large')
  watched.put(refused('more', names))
  t.strictSame(claims('more'), names, 'there is room again')
})

t.test('without room even for names, a source watched knows no changes', async (t) => {
  const { watched } = open(ownBytes * 2)
  t.ok(watched.put(seen('kv')))
  watched.listed()
  const message =
    /^the namespace's share of the controller's memory has no room even for the names of all classes, /
  t.throws(
    () => {
      for (let i = 0; i < 100; i++) watched.put(seen(`late-${i}`, share))
    },
    { code: 'AKV_SYNC_TOO_MANY', message },
  )
  watched.failed()
  t.ok(watched.has('kv'), 'what is known stays')
  t.equal(watched.get('kv')?.content.kind, 'kept')
})

t.test('a change of the status alone doesn’t make the watched read everything again', async (t) => {
  const { watched, changes } = open()
  watched.put(seen('kv'))
  const unlisted = watched.version()
  watched.listed()
  t.not(watched.version(), unlisted, 'what isn’t kept does not exist, from now on')
  const version = watched.version()
  watched.put(seen('kv', 100, '2'))
  watched.listed()
  t.equal(watched.version(), version)
  t.equal(changes(), 4)
  watched.put(seen('kv', 101, '3'))
  t.not(watched.version(), version)
  const changed = watched.version()
  watched.remove('kv')
  t.not(watched.version(), changed)
})

t.test('a list that is read page by page keeps no more than the watched', async (t) => {
  const { watched, shares } = open()
  watched.put(seen('kept', share / 2))
  watched.put(seen('shrinks', share / 4))
  watched.listed()
  const reduce = watched.reducer()
  const again = seen('kept', share / 2)
  t.equal(reduce(again), watched.get('kept'), 'an unchanged object takes no more memory')
  const size = share / 10
  const late = Array.from({ length: 2 * 500 }, (_, i) => seen(`late-${i}`, size, '2'))
  const list = [seen('shrinks', 100, '2'), ...late].map(reduce)
  const bytes = list.map(({ content }) => (content.kind === 'kept' ? content.bytes : 0))
  t.ok(bytes.reduce((sum, count) => sum + count) <= share / 2)
  t.equal(bytes[0], 100)
  t.match(list.at(-1)?.content, { kind: 'refused', sentence: /^needs more memory / })

  for (const source of list) watched.put(source)
  watched.listed()
  t.strictSame(watched.get('kept'), again)
  const isKept = ({ content }: SeenClass) => content.kind === 'kept'
  const keptCount = watched.all().filter(isKept).length
  t.ok(keptCount > 4 && keptCount < 7, 'half of the room was left')
  t.notOk(watched.hasRoom())
  watched.remove('kept')
  t.ok(watched.hasRoom())
  const next = [seen('shrinks', 100, '2'), ...late].map(watched.reducer())
  t.ok(next.filter((source) => watched.put(source)).length >= 9)
  watched.listed()
  for (const { name } of watched.all()) watched.remove(name)
  t.ok(shares.hold('shop', 'all', share), 'nothing is held any more')
})

t.test('a list that fails holds nothing', async (t) => {
  const { watched, shares } = open()
  watched.put(seen('kv', 100))
  watched.listed()
  const reduce = watched.reducer()
  for (let i = 0; i < 20; i++) reduce(seen(`late-${i}`, share / 10, '2'))
  t.ok(shares.roomFor('shop', 'x') < share / 2)
  watched.reducer()
  t.ok(shares.roomFor('shop', 'x') > share - 2 * ownBytes)
})

t.test('an object that gets room later counts as a change', async (t) => {
  const { watched } = open()
  watched.put(seen('large', share - 2 * ownBytes))
  watched.put(seen('late', ownBytes))
  watched.remove('large')
  const version = watched.version()
  watched.put(seen('late', ownBytes))
  t.not(watched.version(), version)
})

t.test('a watched with too many objects knows no changes, so no Secret is deleted', async (t) => {
  const { watched } = open()
  watched.put(seen('kv'))
  watched.listed()
  const reduce = watched.reducer()
  const all = Array.from({ length: 5000 }, (_, i) => seen(`kv-${i}`))
  for (const source of all) reduce(source)
  const message = /^found more than 5000 classes, .*; delete some$/
  t.throws(() => reduce(seen('one-more')), { code: 'AKV_SYNC_TOO_MANY', message })
  for (const source of all.slice(1)) watched.put(source)
  t.throws(() => watched.put(seen('one-more')), { message })
  watched.put(seen('kv', 101, '2'))
  watched.failed()
  t.equal(watched.all().length, 5000, 'a running controller continues with what it knows')
  t.ok(watched.isKnown())

  const { watched: restarted } = open()
  restarted.failed()
  t.strictSame(restarted.all(), [])
  t.strictSame(restarted.stateOfGone('kv'), { kind: 'unknown' }, 'so its Secrets stay')
})

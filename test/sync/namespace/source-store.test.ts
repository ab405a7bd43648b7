import t from 'tap'
import {
  maxCharacters,
  maxClaims,
  maxNames,
  maxObjects,
} from '../../../sync/namespace/kept-objects.ts'
import { createSourceStore } from '../../../sync/namespace/source-store.ts'
import type { SeenClass } from '../../../sync/source/seen-class.ts'

const seen = (name: string, characters = 100, resourceVersion = '1'): SeenClass => ({
  namespace: 'shop',
  name,
  uid: `uid-${name}`,
  resourceVersion,
  createdAtMs: 0,
  content: { kind: 'kept', object: {}, secretObjects: [], claims: [], characters },
})
function open() {
  let nowMs = 1_000
  let changes = 0
  const store = createSourceStore({
    plural: 'classes',
    clock: { now: () => nowMs },
    onChange: () => changes++,
  })
  return { store, changes: () => changes, pass: (ms: number) => (nowMs += ms) }
}

t.test('what is gone is known since when, once the classes have been listed', async (t) => {
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
  for (const [count, characters] of [
    [maxObjects, 100],
    [4, maxCharacters / 4],
  ] as const) {
    const { store } = open()
    for (let i = 0; i < count; i++) t.ok(store.put(seen(`kv-${i}`, characters)))
    t.notOk(store.put(seen('late')))
    t.ok(store.put({ ...seen('without'), content: { kind: 'nothing' } }), 'it takes no room')
    store.listed()
    const { content } = store.all().find(({ name }) => name === 'late') ?? seen('none')
    t.match(content, { kind: 'refused', sentence: /^is one too many: .*at most 500 classes/ })
    t.notOk(store.hasRoom())
    store.remove('kv-0')
    t.ok(store.hasRoom())
    t.ok(store.put(seen('late')), 'the next list brings it again')
    store.listed()
    t.notOk(store.hasRoom())
    store.remove('kv-1')
    t.notOk(store.hasRoom(), 'nobody waits for it')
  }
})

t.test('nobody asks for another list if the class that didn’t fit has gone', async (t) => {
  const { store } = open()
  t.ok(store.put(seen('large', maxCharacters)))
  t.notOk(store.put(seen('late')))
  store.listed()
  store.remove('late')
  t.notOk(store.hasRoom())
})

t.test('a class that grows and shrinks is counted once', async (t) => {
  const { store, changes } = open()
  for (let i = 1; i < 50; i++) t.ok(store.put(seen('kv', maxCharacters - i, String(i))))
  t.equal(changes(), 49)
  t.notOk(store.put(seen('other', 100)))
  store.remove('kv')
  t.ok(store.put(seen('other', maxCharacters)))
})

t.test('what isn’t kept still claims its Secrets, up to a bound', async (t) => {
  const { store } = open()
  const names = Array.from({ length: maxClaims - 1 }, (_, i) => `db-${i}`)
  const refused = (name: string, claims: readonly string[]): SeenClass => ({
    ...seen(name),
    content: { kind: 'refused', sentence: 'is too large', claims },
  })
  const claims = (name: string) => {
    const { content } = store.all().find((one) => one.name === name) ?? seen(name)
    return content.kind === 'refused' ? content.claims : undefined
  }
  store.put(seen('whole', maxCharacters))
  store.put(refused('large', names))
  const late: SeenClass = {
    ...seen('late'),
    content: { kind: 'kept', object: {}, secretObjects: [], claims: ['a', 'b'], characters: 100 },
  }
  t.notOk(store.put(late))
  t.strictSame(claims('large'), names)
  t.strictSame(claims('late'), ['a'])
  store.put(refused('more', ['c']))
  t.strictSame(claims('more'), [])
  store.put(refused('large', ['db']))
  store.put(late)
  t.strictSame(claims('late'), ['a', 'b'], 'there is room again')
})

t.test('a change of the status alone is no reason to read everything again', async (t) => {
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
  const { store } = open()
  store.put(seen('kept', maxCharacters / 2))
  store.put(seen('shrinks', maxCharacters / 2))
  store.listed()
  const reduce = store.reducer()
  const again = seen('kept', maxCharacters / 2)
  t.equal(reduce(again), store.get('kept'), 'an unchanged object takes no more memory')
  const late = Array.from({ length: 2 * maxObjects }, (_, i) => seen(`late-${i}`, 96 * 1024, '2'))
  const list = [seen('shrinks', 100, '2'), ...late].map(reduce)
  const characters = list.map(({ content }) => (content.kind === 'kept' ? content.characters : 0))
  t.ok(characters.reduce((sum, count) => sum + count) <= maxCharacters)
  t.equal(characters[0], 100)
  t.match(list.at(-1)?.content, { kind: 'refused', sentence: /^is one too many: / })

  for (const one of list) store.put(one)
  store.listed()
  t.strictSame(store.get('kept'), again)
  const isKept = ({ content }: SeenClass) => content.kind === 'kept'
  t.equal(store.all().filter(isKept).length, 7, 'half of the room was left')
  store.remove('kept')
  t.ok(store.hasRoom())
  const next = [seen('shrinks', 100, '2'), ...late].map(store.reducer())
  t.strictSame(
    next.filter((one) => store.put(one)).map(({ name }) => name),
    ['shrinks', ...Array.from({ length: 10 }, (_, i) => `late-${i}`)],
  )
})

t.test('an object that gets room later counts as a change', async (t) => {
  const { store } = open()
  store.put(seen('large', maxCharacters))
  store.put(seen('late'))
  store.remove('large')
  const version = store.version()
  store.put(seen('late'))
  t.not(store.version(), version)
})

t.test('of too many objects no changes are known, so nothing of them is deleted', async (t) => {
  const { store } = open()
  store.put(seen('kv'))
  store.listed()
  const reduce = store.reducer()
  const all = Array.from({ length: maxNames }, (_, i) => seen(`kv-${i}`))
  for (const one of all) reduce(one)
  const message = /^found more than 5000 classes, .*; delete some$/
  t.throws(() => reduce(seen('one-more')), { code: 'AKV_SYNC_SOURCE', message })
  for (const one of all.slice(1)) store.put(one)
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

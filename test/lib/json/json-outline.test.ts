import fc from 'fast-check'
import t from 'tap'
import { JsonOutline } from '../../../lib/json/json-outline.ts'
import type { OutlinePath } from '../../../lib/json/wanted-places.ts'
import { anyCharacter } from '../../support/any-character.ts'
import { numRuns } from '../../support/property-runs.ts'

type Outline = JsonOutline['outline']

const paths: readonly OutlinePath[] = [
  ['type'],
  ['object', 'metadata', '*'],
  ['object', 'spec', 'items', '*', 'name'],
]

function outlineOf(
  parts: readonly Uint8Array[],
  maxBytes = 10_000,
  wanted: readonly OutlinePath[] = paths,
): Outline {
  const reader = new JsonOutline({ paths: wanted, maxBytes })
  for (const part of parts) reader.read(part)
  return reader.outline
}
const whole = (value: unknown) => [Buffer.from(JSON.stringify(value))]

t.test('keeps the strings at its places, and nothing else', async (t) => {
  const object = {
    metadata: { name: 'db', generation: 1, labels: { name: 'x' }, uid: 'a"\\\u00e9\n' },
    name: 'x',
    spec: { items: [{ name: 'a', deep: { name: 'x' } }, {}, 1, { other: 'x', name: 'b' }] },
  }
  t.strictSame(outlineOf(whole({ object, other: { metadata: { name: 'x' } }, type: 'ADDED' })), {
    object: {
      metadata: { name: 'db', uid: 'a"\\\u00e9\n' },
      spec: { items: [{ name: 'a' }, { name: 'b' }] },
    },
    type: 'ADDED',
  })
})

t.test('a name from JavaScript’s own objects is a name like any other', async (t) => {
  const text = '{"object":{"metadata":{"__proto__":"a","constructor":"b"}}}'
  const found = outlineOf([Buffer.from(text)]) as Record<string, Record<string, object>>
  const metadata = found['object']?.['metadata'] ?? {}
  t.strictSame(Object.entries(metadata), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ])
  t.equal(({} as { a?: unknown }).a, undefined)
})

t.test('keeps no more than its bound', async (t) => {
  const metadata = { long: 'x'.repeat(20_000), name: 'db', more: 'y'.repeat(9_999), last: 'zzzz' }
  t.strictSame(outlineOf(whole({ object: { metadata } })), {
    object: { metadata: { name: 'db', last: 'zzzz' } },
  })
  const parts = Array.from({ length: 300 }, () => Buffer.alloc(100, 'x'))
  const text = [Buffer.from('{"object":{"metadata":{"long":"'), ...parts, Buffer.from('"}}}')]
  t.strictSame(outlineOf(text), {})
})

t.test('a path whose strings reach the bound takes no room from the others', async (t) => {
  const items = Array.from({ length: 200 }, () => ({ name: 'x' }))
  const text = whole({ object: { spec: { items }, metadata: { name: 'db' } }, type: 'ADDED' })
  const { object, type } = outlineOf(text) as Record<string, Outline>
  const { spec, metadata } = object as Record<string, Outline>
  t.equal((spec as { items: Outline[] }).items.length, Math.floor(10_000 / 129))
  t.strictSame({ metadata, type }, { metadata: { name: 'db' }, type: 'ADDED' })
})

t.test('a string takes more of the bound than its bytes', async (t) => {
  const metadata = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`k${n}`, 'x']))
  const { object } = outlineOf(whole({ object: { metadata } })) as Record<string, Outline>
  const { metadata: kept = {} } = object as Record<string, Outline>
  t.equal(Object.keys(kept).length, Math.floor(10_000 / 129))
})

t.test('a path may name the beginning of a name', async (t) => {
  const wanted = [
    ['a', 'own/*'],
    ['a', 'own/deep', 'name'],
    ['a', 'exact'],
    ['*', 'any'],
    ['l', '*'],
  ]
  const own = { 'own/x': '1', own: '2', 'own/': '3', 'own/deep': { name: '4', x: '5' }, any: '6' }
  const value = { a: { ...own, exact: '7', exactly: '8' }, b: { any: '9', exact: 'x' }, l: ['y'] }
  t.strictSame(outlineOf(whole(value), 10_000, wanted), {
    a: { 'own/x': '1', 'own/': '3', 'own/deep': { name: '4' }, any: '6', exact: '7' },
    b: { any: '9' },
    l: ['y'],
  })
})

t.test('a name that begins as a wanted one and has to be escaped is another one', async (t) => {
  const metadata = { 'nam"e': 'x', 'name"': 'x', name: 'y', 'own"x': 'z' }
  t.strictSame(
    outlineOf(whole({ metadata }), 10_000, [
      ['metadata', 'name'],
      ['metadata', 'own*'],
    ]),
    {
      metadata: { name: 'y', 'own"x': 'z' },
    },
  )
})

t.test('what is skipped may have anything in its strings', async (t) => {
  const other = { 'a}"': '}"\\', b: ['[{"', { c: '\\"]}' }], '\\': '{' }
  const object = { other, name: other, metadata: { name: 'db', deep: other } }
  const text = Buffer.from(JSON.stringify({ other, object, type: 'ADDED' }))
  for (let cut = 0; cut <= text.length; cut++)
    t.strictSame(outlineOf([text.subarray(0, cut), text.subarray(cut)]), {
      object: { metadata: { name: 'db' } },
      type: 'ADDED',
    })
})

t.test('however the text is cut into parts, the outline is that of the parsed value', async () => {
  const json = fc.object({
    key: fc.constantFrom('type', 'object', 'metadata', 'spec', 'items', 'name', 'é"\\', ''),
    values: [fc.string({ unit: anyCharacter }), fc.integer(), fc.constant(null), fc.boolean()],
    maxDepth: 5,
    withNullPrototype: false,
  })
  fc.assert(
    fc.property(json, fc.array(fc.nat(300), { maxLength: 8 }), (value, cuts) => {
      const bytes = Buffer.from(JSON.stringify(value))
      const ends = [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
      const parts = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
      const found = JSON.stringify(outlineOf(parts, 1e6))
      const expected = JSON.stringify(pruned(JSON.parse(bytes.toString()), []) ?? {})
      if (found !== expected) throw new Error(`${found} instead of ${expected}`)
    }),
    { numRuns },
  )
})

/** The slow way. */
function pruned(value: unknown, at: readonly string[]): unknown {
  const leads = paths.some(
    (path) =>
      path.length >= at.length && at.every((name, i) => path[i] === '*' || path[i] === name),
  )
  if (!leads) return undefined
  if (typeof value === 'string')
    return paths.some(({ length }) => length === at.length) && isWanted(at) ? value : undefined
  if (typeof value !== 'object' || value === null) return undefined
  const entries = Object.entries(value).flatMap(([name, member]) => {
    const kept = pruned(member, [...at, name])
    return kept === undefined ? [] : [[name, kept] as const]
  })
  if (entries.length === 0) return undefined
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries)
}

const isWanted = (at: readonly string[]) =>
  paths.some(
    (path) =>
      path.length === at.length && at.every((name, i) => path[i] === '*' || path[i] === name),
  )

t.test('bytes of any kind do no harm', async () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc
      .constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', '{"object":{"metadata":{"a":"')
      .map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => void outlineOf(parts)),
    { numRuns },
  )
})

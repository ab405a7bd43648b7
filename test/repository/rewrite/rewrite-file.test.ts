import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { stringify } from 'yaml'
import { type Manifest, treeOf } from '../../../repository/input/document/manifest.ts'
import { parseManifests } from '../../../repository/input/read-manifests.ts'
import { editValue, type ValuePath } from '../../../repository/rewrite/edit-value.ts'
import { rewriteFile } from '../../../repository/rewrite/rewrite-file.ts'
import { isFuzzing, numRuns } from '../../support/property-runs.ts'

const reading = { command: 'inject' } as const

type Edits = (value: ReturnType<typeof editValue>) => void

/** Rewrites the last document of a text. */
function rewrite(text: string, edits: Edits): string {
  const manifest = parseManifests(text, 'test', reading).at(-1)
  if (manifest === undefined) throw new Error('no document')
  const changed = editValue(treeOf(manifest).toJS())
  edits(changed)
  return rewriteFile(text, [{ kind: 'changed', manifest, value: changed.value() }])
}

const add = (...changes: readonly (readonly [path: ValuePath, value: unknown])[]): Edits => {
  return (value) => {
    for (const [path, member] of changes) value.add(path, member)
  }
}

const lastValue = (text: string): unknown =>
  parseManifests(text, 'test', reading).map(plainOf).at(-1)

const plainOf = (manifest: Manifest): unknown => treeOf(manifest).toJS()

t.test('a new key is written below the last one, as its neighbours are', (t) => {
  const cases: readonly (readonly [
    text: string,
    path: ValuePath,
    value: unknown,
    expected: string,
  ])[] = [
    ['a:   1  # one\n# end\n', ['b'], 2, 'a:   1  # one\nb: 2\n# end\n'],
    ['a: 1', ['b'], 2, 'a: 1\nb: 2'],
    ['a: 1\r\n---\r\nb: 1\r\n', ['c'], ['x'], 'a: 1\r\n---\r\nb: 1\r\nc:\r\n  - x\r\n'],
    [
      'a:\n    b: |\n        text\n\n\nc: 1\n',
      ['a', 'd'],
      2,
      'a:\n    b: |\n        text\n    d: 2\n\n\nc: 1\n',
    ],
    ['a: { b: 1 } # c\n', ['a', 'd'], 'x y', 'a: { b: 1, d: x y } # c\n'],
    ['a: {b: 1}\n', ['a', 'd'], { e: 'yes' }, 'a: {b: 1, d: {e: "yes"}}\n'],
    ['a: {\n  b: 1, # c\n}\n', ['a', 'd'], 2, 'a: {\n  b: 1,\n  d: 2, # c\n}\n'],
    ['a: # c\nb: 1\n', ['a', 'd'], 2, 'a:\n  d: 2 # c\nb: 1\n'],
    ['- a:\n  - b\n- c\n', [0, 'a', 1], 'x', '- a:\n  - b\n  - x\n- c\n'],
    ['- - a\n  - b\n', [0, 0], 'x', '- - x\n  - a\n  - b\n'],
    ['a:\n  # first\n  - b # c\n', ['a', 0], 'x', 'a:\n  # first\n  - x\n  - b # c\n'],
    ['a: [ b, c ]\n', ['a', 1], 'x', 'a: [ b, x, c ]\n'],
    ['a: [ b, c ]\n', ['a', 0], 'x', 'a: [ x, b, c ]\n'],
    ['a: []\n', ['a', 0], 'x', 'a:\n  - x\n'],
    ['{"a":[1],"n":12345678901234567890}', ['a', 1], 'x', '{"a":[1,"x"],"n":12345678901234567890}'],
    [
      '{\n\t"a": [1, 2]\n}\n',
      ['b'],
      { c: [] },
      '{\n\t"a": [1, 2],\n\t"b": {\n\t\t"c": []\n\t}\n}\n',
    ],
    ['\uFEFFa: 1\n', ['b'], 2, '\uFEFFa: 1\nb: 2\n'],
    ['--- # m\n"a": \'1\' # c\n...\n', ['b'], 2, '--- # m\n"a": \'1\' # c\nb: 2\n...\n'],
    ['a: &x { b: 1 } # c\nd: *x\n', ['a', 'e'], 2, 'a: &x { b: 1, e: 2 } # c\nd:\n  b: 1\n'],
    ['a: &x { b: 1 } # c\nd: *x\n', ['d', 'e'], 2, 'a: &x { b: 1 } # c\nd:\n  b: 1\n  e: 2\n'],
  ]
  for (const [text, path, value, expected] of cases)
    t.equal(rewrite(text, add([path, value])), expected, text)
  t.end()
})

t.test('a removed key or item takes only the comment above it along', (t) => {
  const cases: readonly (readonly [text: string, path: ValuePath, expected: string])[] = [
    ['a: 1 # one\n# two\nb: 2 # b\n\n# three\nc: 3\n', ['b'], 'a: 1 # one\n\n# three\nc: 3\n'],
    ['- a: 1\n  # c\n  b: 2\n', [0, 'a'], '- b: 2\n'],
    ['- a: 1\n  b: 2\n  c: 3\n', [0, 'b'], '- a: 1\n  c: 3\n'],
    ['a:\n# first\n- 1\n- 2\n', ['a', 0], 'a:\n# first\n- 2\n'],
    ['a: [ 1, 2, 3 ]\n', ['a', 0], 'a: [ 2, 3 ]\n'],
    ['a: [ 1, 2, 3 ]\n', ['a', 2], 'a: [ 1, 2 ]\n'],
    ['a: { b: 1 }\n', ['a', 'b'], 'a: {}\n'],
    ['a:\n  b: 1\nc: 2', ['c'], 'a:\n  b: 1\n'],
  ]
  for (const [text, path, expected] of cases)
    t.equal(
      rewrite(text, (value) => value.remove(path)),
      expected,
      text,
    )
  t.end()
})

t.test('a form that cannot be edited is written anew', (t) => {
  const text = 'base: &base { a: 1 } # c\nx:\n  <<: *base\n  b: 2\n'
  const result = rewrite(text, add([['base', 'a'], 2]))
  t.strictSame(lastValue(result), { base: { a: 2 }, x: { a: 1, b: 2 } })
  t.end()
})

t.test('a file of many documents and changes is rewritten in linear time', (t) => {
  const items = isFuzzing ? 2000 : 500
  const document = `a:\n${'  - name: x\n    b: { c: 1 }\n'.repeat(items)}`
  const text = `${document}---\n`.repeat(3) + '\n'.repeat(100_000) + document
  const result = rewrite(text, (value) => {
    for (let i = 0; i < items; i++) value.add(['a', i, 'd'], 1)
  })
  t.equal(result.match(/^ {4}d: 1$/gm)?.length, items)
  t.end()
})

const scalar = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom(
    'yes',
    '0644',
    '2026-01-01',
    '',
    'a: b',
    '# c',
    'a\nb\n',
    'a\n\n\n',
    '- x',
    '~',
    '<<',
    '*a',
  ),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
)
const name = fc
  .oneof(
    fc.constantFrom('name', 'spec', 'a', '__proto__', 'constructor', '<', '0', 'x y', '~'),
    fc.string({ minLength: 1, maxLength: 4 }),
  )
  .filter((key) => key !== '<<')
const { value: arbitrary } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'value' },
    scalar,
    fc.array(tie('value'), { maxLength: 4, depthIdentifier: 'value' }),
    fc.dictionary(name, tie('value'), {
      maxKeys: 4,
      depthIdentifier: 'value',
      noNullPrototype: true,
    }),
  ),
}))
const root = fc.dictionary(name, arbitrary, { minKeys: 1, maxKeys: 4, noNullPrototype: true })

/** How a document may be written. */
const writing = fc.record({
  indent: fc.integer({ min: 1, max: 5 }),
  indentSeq: fc.boolean(),
  flowCollectionPadding: fc.boolean(),
  collectionStyle: fc.constantFrom('any' as const, 'flow' as const),
  defaultStringType: fc.constantFrom(
    'PLAIN' as const,
    'QUOTE_SINGLE' as const,
    'QUOTE_DOUBLE' as const,
  ),
  lineWidth: fc.constantFrom(0, 12),
})
const noise = fc.record({
  isJson: fc.boolean(),
  jsonIndent: fc.constantFrom('', '  ', '\t'),
  lineBreak: fc.constantFrom('\n', '\r\n'),
  ends: fc.boolean(),
  before: fc.constantFrom('', '---\n', '# c\n---\n', 'x: 1 # y\n---\n', '%YAML 1.1\n---\n'),
  after: fc.constantFrom('', '---\nz:   1\n', '# end\n', '...\n# end\n'),
  comment: fc.constantFrom('', ' # c', '   # d'),
  blank: fc.constantFrom('\n', '\n\n', '\n# own line\n'),
})

/** The paths of all containers in a value. */
function containers(value: unknown, path: ValuePath = []): readonly ValuePath[] {
  if (typeof value !== 'object' || value === null) return []
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [path, ...entries.flatMap(([key, value]) => containers(value, [...path, key]))]
}

t.test('after any change of any document, the rewritten document has the wanted value', (t) => {
  const change = fc.record({
    at: fc.nat(),
    key: fc.oneof(name, fc.nat({ max: 3 })),
    value: arbitrary,
    isRemoval: fc.boolean(),
  })
  fc.assert(
    fc.property(
      root,
      writing,
      noise,
      fc.array(change, { maxLength: 4 }),
      (value, style, n, changes) => {
        const written = n.isJson
          ? JSON.stringify(value, null, n.jsonIndent)
          : withNoise(stringify(value, { version: '1.1', ...style }), n)
        const tail = n.ends || n.after !== '' ? '\n' : ''
        const text = `${n.before}${written.trimEnd()}${tail}${n.after}`.replaceAll(
          '\n',
          n.lineBreak,
        )
        const manifests = parse(text)
        const index = manifests.findIndex(
          (manifest) => !isDeepStrictEqual(plainOf(manifest), { x: 1 }),
        )
        const manifest = manifests[index]
        fc.pre(manifest !== undefined)
        const edited = editValue(treeOf(manifest).toJS())
        for (const { at, key, value: added, isRemoval } of changes) {
          const paths = containers(edited.value())
          const path = [...(paths[at % paths.length] ?? []), key]
          if (isRemoval) edited.remove(path)
          else if (Array.isArray(edited.get(path.slice(0, -1))))
            edited.add([...path.slice(0, -1), Number(key) || 0], added)
          else edited.add(path, added)
        }
        fc.pre(typeof edited.value() === 'object')
        const result = rewriteFile(text, [{ kind: 'changed', manifest, value: edited.value() }])
        if (isDeepStrictEqual(edited.value(), treeOf(manifest).toJS())) return result === text
        const after = parseManifests(result, 'test', reading).map(plainOf)
        const expected = manifests.map(plainOf)
        expected[index] = edited.value()
        return (
          isDeepStrictEqual(after, expected) &&
          result.startsWith(text.slice(0, manifest.span.start)) &&
          result.endsWith(text.slice(manifest.span.end))
        )
      },
    ),
    { numRuns },
  )
  t.end()
})

function parse(text: string) {
  try {
    return parseManifests(text, 'test', reading)
  } catch {
    return []
  }
}

/** Comments and blank lines after some of the lines. */
function withNoise(
  text: string,
  { comment, blank }: { readonly comment: string; readonly blank: string },
) {
  const lines = text.split('\n')
  const noisy = lines.map((line, index) =>
    index % 3 === 0 && /^[\w -]*:? ?\w*$/.test(line) ? line + comment : line,
  )
  const result = noisy.join('\n').replace(/\n(?=\w+:)/, blank)
  return isDeepStrictEqual(parse(result).map(plainOf)[0], parse(text).map(plainOf)[0])
    ? result
    : text
}

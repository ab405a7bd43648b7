import t from 'tap'
import { positionOf } from '../../../repository/input/document/position-of.ts'
import { toPlain } from '../../../repository/input/document/to-plain.ts'
import { parseManifests } from '../../../repository/input/read-manifests.ts'

const parse = (text: string, maxTokens: number, splitsLists = true) =>
  parseManifests(text, 'x.yaml', { command: 'check', splitsLists, maxTokens })

const block = `apiVersion: v1
items:
- kind: Pod
  metadata:
    name: one # with a comment
  # above the next one
- kind: Pod
  metadata: {name: two}
  spec:
    text: |
      - a
      - b
# at the side
- &three
  kind: Pod
  metadata: {name: three, again: *x}
kind: PodList
metadata: {}
`.replace('again: *x', 'again: three')

const json = JSON.stringify(
  { items: [{ kind: 'A', list: [1, { a: ',' }] }, { kind: 'B' }, { kind: 'C' }], kind: 'List' },
  null,
  2,
)

t.test('the items of a List that is too large are read one by one', async (t) => {
  for (const [name, text, maxTokens] of [
    ['a list in a block', block, 40],
    ['an indented list', block.replaceAll(/^(?=[- ]|#)/gm, '   '), 40],
    ['JSON', json, 34],
    ['JSON in one line', JSON.stringify(JSON.parse(json)), 25],
  ] as const) {
    const [whole] = parse(text, 1_000)
    if (whole === undefined) throw new Error(name)
    const { items } = toPlain(whole) as { items: readonly object[] }
    const parts = parse(text, maxTokens)
    t.equal(parts.length, 3, name)
    t.strictSame(parts.map(toPlain), items, name)
    for (const [index, part] of parts.entries()) {
      t.strictSame(positionOf(part, ['kind']), positionOf(whole, ['items', index, 'kind']), name)
      const path = ['metadata', 'name']
      t.strictSame(positionOf(part, path), positionOf(whole, ['items', index, ...path]), name)
    }
  }
})

t.test('documents before and after such a List stay as they are', async (t) => {
  const text = `a: 1\n---\n${block}---\nb: 2\n---\n${json}\n---\nc: 3\n`
  t.strictSame(
    parse(text, 40).map((manifest) => Object.keys(toPlain(manifest) as object)[0]),
    ['a', 'kind', 'kind', 'kind', 'b', 'kind', 'kind', 'kind', 'c'],
  )
})

t.test('other documents that are too large are refused, with their position', async (t) => {
  const many = 'k: v\n'.repeat(20)
  for (const [text, message] of [
    [
      `a: 1\n---\n${many}`,
      /^x\.yaml:2:1: the document has more than 40 keys, values, marks and line/,
    ],
    [block.replace('PodList', 'Pod'), /^x\.yaml:1:1: the document has more than 40 keys/],
    [
      `items:\n- a: 1\n- b:\n${'  - 1\n'.repeat(40)}kind: List\n`,
      /or an item of its list has; split/,
    ],
    [block.replace('again: three', 'again: *one'), /:16:34: nothing above has the anchor "one"/],
  ] as const)
    t.throws(() => parse(text, 40), { message })
  t.throws(() => parse(block, 40, false), { message: /line breaks; split it into several/ })
})

t.test('a mistake in an item of such a List is found at its position', async (t) => {
  for (const text of [block, json]) {
    const wrong = text.replace(
      /(['"]?kind['"]?: ['"]?(?:Pod|B)['"]?)(,?\n {2}metadata: \{name: two\}| ?\n)/,
      '$1, $1$2',
    )
    t.throws(() => parse(wrong, 40), { message: /^x\.yaml:\d+:\d+: / })
  }
})

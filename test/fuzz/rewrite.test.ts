import fc from 'fast-check'
import t from 'tap'
import { createCpuBudget } from '../../lib/cpu-budget.ts'
import type { Problem } from '../../lib/problems/problem.ts'
import { rewriteReader } from '../../requests/external-secret/read-rewrite.ts'
import { convertName } from '../../sync/compose/convert-name.ts'
import { rewriteEntries } from '../../sync/compose/rewrite/rewrite-entries.ts'
import { without } from '../support/needs/without.ts'
import { fuzz } from './harness/fuzz.ts'
import { startGoOriginals } from './harness/start-go-originals.ts'
import { anyText } from './harness/template-texts.ts'

const options = { skip: without('go') }

/** As the program in go-originals writes it. */
interface Rewritten {
  readonly values: Readonly<Record<string, string>>
  readonly error: string
}

type Values = Readonly<Record<string, string>>

/** What we refuse on purpose. */
const stricter =
  /gets the name of another one|several values have|not a JSON object that can be merged|more than|priority\[|is not supported|no key|takes strings|levels deep/

t.test('rewrite gives what Go gives, or fails', options, async (t) => {
  const ask = await startGoOriginals(t)
  const counts = { rewritten: 0, failed: 0, renamed: 0, merged: 0 }
  const compare = async (values: Values, operations: readonly object[]) => {
    const problems: Problem[] = []
    const read = rewriteReader()(operations, { path: [], problems })
    if (read === undefined || problems.length > 0) return
    const go = (await ask({
      ...{ reader: 'rewrite', text: '', operations },
      data: mapValues(values, encoded),
    })) as Rewritten
    const entries = Object.entries(values).map(([name, value]) => ({
      name,
      bytes: Buffer.from(value),
    }))
    const ours = await rewriteEntries(entries, read, createCpuBudget())
    if (ours.kind === 'invalid') {
      counts.failed++
      if (go.error === '' && !stricter.test(ours.problem))
        throw new Error(`Go: ${JSON.stringify(go.values)}, we: ${ours.problem}`)
      return
    }
    if (go.error !== '') throw new Error(`Go refuses it: ${go.error}`)
    const { '': _, ...expected } = go.values
    const found = ours.value.filter(({ name }) => name !== '')
    const shown = Object.fromEntries(found.map(({ name, bytes }) => [name, encoded(bytes)]))
    if (sorted(shown) !== sorted(expected))
      throw new Error(`Go: ${sorted(expected)}, we: ${sorted(shown)}`)
    counts.rewritten++
    const isMerged = read.some(({ kind }) => kind === 'merge')
    if (isMerged) counts.merged++
    else if (found.some(({ name }) => !Object.hasOwn(values, name))) counts.renamed++
  }
  await fuzz(
    t,
    fc.asyncProperty(values, fc.array(operation, { minLength: 1, maxLength: 3 }), compare),
    (tried) => Object.values(counts).every((count) => count >= Math.max(10, tried / 50)),
  )
  t.comment(JSON.stringify(counts))
})

t.test('names are converted as Go converts them', options, async (t) => {
  const ask = await startGoOriginals(t)
  await fuzz(
    t,
    fc.asyncProperty(anyText(20), async (name) => {
      const go = await ask({ reader: 'convert', text: name })
      const ours = { Default: convertName(name), Unicode: convertName(name, 'Unicode') }
      if (JSON.stringify(go) !== JSON.stringify(ours))
        throw new Error(`Go: ${JSON.stringify(go)}, we: ${JSON.stringify(ours)}`)
    }),
  )
})

const encoded = (value: string | Uint8Array): string => Buffer.from(value).toString('base64')
const mapValues = (values: Values, change: (value: string) => string): Values =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
const sorted = (values: Values): string =>
  JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)))

const joined = (pieces: fc.Arbitrary<string>, maxLength: number) =>
  fc.array(pieces, { maxLength }).map((parts) => parts.join(''))

const name = joined(
  fc.constantFrom(
    ...['a', 'b', 'c', 'A', 'ab', '-', '.', '_', '/', ' ', '1', '2', 'é', 'ſ', 'K', '😀'],
  ),
  6,
)
const leaf = fc.constantFrom(
  ...['null', 'true', '0', '-0', '1.50', '1e21', '1e-7', '123456789012345678901', '5e-324'],
  ...[
    '""',
    '"x"',
    '"<&>"',
    '"\\u2028\\ud800\\u0007\\b"',
    '"é😀"',
    '[]',
    '[1,"<",null]',
    '{"b":{"<":1},"a":[]}',
  ],
)
const member = fc.constantFrom('"a"', '"b"', '"c"', '"<"', '"é"', '"\\ud800"', '"__proto__"')
const object = fc
  .array(
    fc.tuple(member, leaf).map(([key, value]) => `${key}:${value}`),
    { maxLength: 3 },
  )
  .map((members) => `{${members.join(', ')}}`)
const value = fc.oneof({ weight: 9, arbitrary: object }, leaf)
const values = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true })

const atom = fc.constantFrom(
  ...[
    'a',
    'b',
    'A',
    '.',
    '[a-c]',
    '[^a]',
    '\\w',
    '\\W',
    '\\d',
    '\\s',
    '\\S',
    '\\b',
    '\\B',
    '^',
    '$',
  ],
  ...[
    '\\A',
    '\\z',
    '\\pL',
    '\\PN',
    '\\p{Greek}',
    '[[:alpha:]]',
    '[^[:^digit:]_]',
    '\\Q.*\\E',
    '\\x61',
  ],
  ...[
    '\\x{1F600}',
    'é',
    '😀',
    '/',
    '-',
    '_',
    '(?i)k',
    '(?i:s)',
    '(?s).',
    '(?m)^',
    '(?U)a+',
    '\\.',
    '[\\w.-]',
  ],
)
const expression = fc.letrec<Record<'one' | 'many', string>>((tie) => ({
  one: fc.oneof(
    { depthSize: 'small' },
    atom,
    tie('many').map((many) => `(${many})`),
    tie('many').map((many) => `(?P<n>${many})`),
    tie('many').map((many) => `(?:${many})`),
    fc.tuple(tie('one'), tie('one')).map((both) => both.join('|')),
    fc
      .tuple(tie('one'), fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{0,2}', '{1,}'))
      .map((both) => both.join('')),
  ),
  many: fc.array(tie('one'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
})).many
/** Mostly not valid. */
const anyExpression = joined(
  fc.oneof(
    atom,
    fc.constantFrom(
      ...[
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        '*',
        '+',
        '?',
        '|',
        '\\',
        '{1',
        ',3}',
        '(?',
        '(?<n>',
        '(?P<n>',
        '(?=',
        '(?<=b)',
      ],
      ...[
        '\\1',
        '\\u0061',
        '\\e',
        '\\Z',
        '\\C',
        '\\h',
        '\\R',
        '\\G',
        '\\X',
        '&&',
        '[a&&b]',
        '(?x)',
        '(?#',
        '\\p{L}',
        '\\p{Lu}',
      ],
      ...[
        '\\pX',
        '\\p{^L}',
        '\\p{IsGreek}',
        '\\p{Alpha}',
        '\\p{ASCII}',
        '\\07',
        '\\0',
        '\\cA',
        '[[.a.]]',
        '[]a]',
        '[^]a]',
        '[a-\\d]',
        '(?-i)',
        '(?u)',
      ],
    ),
  ),
  5,
)
const target = joined(
  fc.constantFrom(
    ...[
      '$1',
      '${1}',
      '$n',
      '${n}',
      '$$',
      '$',
      '${',
      '}',
      'x',
      '_',
      '$0',
      '$01',
      '$1x',
      '${1',
      '$é',
      '${2}-',
    ],
  ),
  3,
)
const operation: fc.Arbitrary<object> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      regexp: fc.record({
        source: fc.oneof({ weight: 4, arbitrary: expression }, anyExpression),
        target,
      }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      transform: fc.record({
        template: fc.constantFrom(
          ...[
            '{{ .value | upper }}',
            'x-{{ .value }}',
            '{{ .value | replace "-" "_" }}',
            '{{ .value | trimPrefix "a" }}',
          ],
          ...[
            '{{ if eq .value "a" }}b{{ else }}{{ .value }}{{ end }}',
            '{{ .value | b64enc | lower }}',
            '{{ .value | quote }}',
            '{{ . }}',
          ],
        ),
      }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      merge: fc.record(
        {
          into: fc.constantFrom('a', 'all', ''),
          priority: fc.array(name, { maxLength: 2 }),
          priorityPolicy: fc.constantFrom('Strict', 'IgnoreNotFound', 'IgnoreNotFound'),
          conflictPolicy: fc.constantFrom('Error', 'Ignore', 'Ignore'),
          strategy: fc.constantFrom('Extract', 'JSON'),
        },
        { requiredKeys: [] },
      ),
    }),
  },
)

import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import t from 'tap'
import { printScript } from '../../../command/grants/print-script.ts'
import {
  type Part,
  partsOf,
  run,
  type ScriptLine,
  set,
  shellWord,
  suggestion,
  type Word,
} from '../../../command/grants/script.ts'

/** What a shell runs: each command's arguments and standard input, in which `A`, `B` and `C` are set. */
function runInShell(
  lines: readonly ScriptLine[],
  variables: Readonly<Record<string, string>>,
  width?: number,
) {
  const show = 'show() { printf "%s\\0" "$@"; printf "\\1"; }\ngive() { printf "%s" "$1"; }\n'
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', show + printScript(lines, { width }).join('\n')],
    {
      env: { PATH: process.env['PATH'], ...variables },
      encoding: 'utf8',
    },
  )
  t.equal(stderr, '')
  return stdout
    .split('\u0001')
    .slice(0, -1)
    .map((args) => args.split('\0').slice(0, -1))
}

/** No shell passes on a zero byte, and what a command prints loses the line breaks at its end. */
const text = fc.oneof(
  fc.constantFrom(
    "it's",
    '$(reboot)',
    '`id`',
    '"',
    '\\',
    '$A',
    '${A}',
    '!',
    ' ',
    '}',
    '*',
    "'",
    ';',
  ),
  fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
)
const named = fc.constantFrom('A', 'B', 'C')
const part: fc.Arbitrary<Part> = fc.oneof(
  text,
  named.map((variable) => ({ variable })),
  named.map((variable) => ({ variable, isPlaceholder: true as const })),
  fc.array(text, { minLength: 1, maxLength: 2 }).map((some) => ({ output: ['give', some] })),
)
const values = { A: '$(reboot) "x" \'y\'', B: '', C: 'a  *' }

const meaningOf = (some: Part): string => {
  if (typeof some === 'string') return some
  if ('output' in some) return partsOf(some.output[1] ?? '').join('')
  return values[some.variable as keyof typeof values]
}

t.test('a shell gets each argument as it is meant, also in folded commands', async (t) => {
  const words = fc.array(fc.oneof(text, fc.array(part, { maxLength: 4 })), { maxLength: 4 })
  fc.assert(
    fc.property(fc.array(words, { minLength: 40, maxLength: 40 }), (commands) => {
      const lines = commands.map((some) => run(['show', 'x', ...some]))
      const meant = commands.map((some) => [
        'x',
        ...some.map((one) => partsOf(one).map(meaningOf).join('')),
      ])
      for (const width of [undefined, 0, 15, 40])
        t.strictSame(runInShell(lines, values, width), meant)
    }),
    { numRuns: 5 },
  )
})

t.test('standard input and sentences have the values of variables', async (t) => {
  const name: Word = [{ variable: 'A', isPlaceholder: true }]
  for (const input of [shellWord`$x \`id\` "a" \\ ${name}.b`, '$x `id` "a" \\'])
    t.same(
      spawnSync('sh', ['-c', printScript([{ kind: 'run', words: ['cat'], input }]).join('\n')], {
        env: { PATH: process.env['PATH'], ...values },
        encoding: 'utf8',
      }).stdout,
      `${partsOf(input).map(meaningOf).join('')}\n`,
    )
  const sentence = shellWord`no $x } "of" ${name}`
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', printScript([{ kind: 'need', name: 'D', sentence }])[0] ?? ''],
    {
      env: { ...values },
      encoding: 'utf8',
    },
  )
  t.match(stderr, `no $x } "of" ${values.A}`)
  t.not(status, 0)
})

t.test('commands are as short as people write them', (t) => {
  t.strictSame(
    printScript([
      set({ A: [{ output: ['az', '--query', "[?x=='y'].z"] }], B: 'r g' }),
      run(['az', [{ variable: 'A' }, '', 'b']]),
      run(['az', shellWord`${[{ variable: 'A' }]}/b`, shellWord`k=${[{ variable: 'A' }]}`]),
      suggestion(run(['kubectl', shellWord`a-${[{ variable: 'P', isPlaceholder: true }]}-b`])),
    ]),
    [
      'A="$(az --query "[?x==\'y\'].z")" B=\'r g\'',
      'az "${A}b"',
      'az "$A/b" k="$A"',
      '# kubectl a-"${P}"-b',
    ],
  )
  t.end()
})

t.test('no line of a comment or a suggestion runs', async (t) => {
  const lines: readonly ScriptLine[] = [
    { kind: 'comment', text: 'a\nshow b' },
    suggestion(run(['show', 'a\nshow b'])),
  ]
  t.strictSame(runInShell(lines, {}), [])
})

const long = [
  set({ A: [{ output: ['give', '--query', "[?x=='y \\'].z", '--output', 'tsv'] }], B: 'r g' }),
  run(['show', '--name', [{ variable: 'A' }], '--long=a', '--group', 'it is "one" word', 'end']),
]

t.test(
  'a long command is folded between words, and an option stays beside its value',
  async (t) => {
    t.strictSame(printScript(long, { width: 40 }), [
      'A="$(give \\',
      "    --query '[?x=='\\''y \\'\\''].z' \\",
      `    --output tsv)" B='r g'`,
      'show --name "$A" --long=a \\',
      `    --group 'it is "one" word' end`,
    ])
    for (const width of [0, 20, 40, 77])
      t.strictSame(runInShell(long, {}, width), runInShell(long, {}), `${width}`)
    for (const line of printScript(long, { width: 40 })) t.ok(line.length <= 40, line)
    t.strictSame(printScript(long, { width: 200 }), printScript(long))
  },
)

t.test('each line of a folded suggestion is a comment', async (t) => {
  const suggested = printScript(long.map(suggestion), { width: 30 })
  t.ok(suggested.length > 4)
  for (const line of suggested) t.match(line, /^# /)
  const uncommented = suggested.map((line) => line.slice(2))
  t.strictSame(uncommented, printScript(long, { width: 28 }))
})

t.test('a here-document isn’t folded, and the command before it is', async (t) => {
  const input = `${'word '.repeat(20)}\nend`
  const line: ScriptLine = { kind: 'run', words: ['cat', '-u', '-'], input }
  t.strictSame(printScript([line], { width: 7 }), [
    'cat \\',
    '    -u \\',
    "    - <<'END'",
    ...input.split('\n'),
    'END',
  ])
  const script = printScript([line], { width: 7 }).join('\n')
  t.equal(spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout, `${input}\n`)
})

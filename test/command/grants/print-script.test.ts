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
function runInShell(lines: readonly ScriptLine[], variables: Readonly<Record<string, string>>) {
  const show = 'show() { printf "%s\\0" "$@"; printf "\\1"; }\ngive() { printf "%s" "$1"; }\n'
  const { stdout, stderr } = spawnSync('sh', ['-c', show + printScript(lines).join('\n')], {
    env: { PATH: process.env['PATH'], ...variables },
    encoding: 'utf8',
  })
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

t.test('a shell gets each argument as it is meant', async (t) => {
  const words = fc.array(fc.oneof(text, fc.array(part, { maxLength: 4 })), { maxLength: 4 })
  fc.assert(
    fc.property(fc.array(words, { minLength: 40, maxLength: 40 }), (commands) => {
      const lines = commands.map((some) => run(['show', 'x', ...some]))
      t.strictSame(
        runInShell(lines, values),
        commands.map((some) => ['x', ...some.map((one) => partsOf(one).map(meaningOf).join(''))]),
      )
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

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const main = join(import.meta.dirname, '../../../cli/main.ts')
/** docs/specification.md, "Command line". */
const maxRatio = 40
const mebibyte = 2 ** 20

/** About so many characters, from pieces that differ. */
function fill(length: number, piece: (index: number) => string): string {
  const pieces: string[] = []
  let written = 0
  for (let index = 0; written < length; index++) {
    const next = piece(index)
    pieces.push(next)
    written += next.length
  }
  return pieces.join('')
}

const pod = (name: string) =>
  `{kind: Pod, metadata: {name: ${name}, annotations: {akv-injector.io/secrets: v/s}}, spec: {containers: []}}`

/** Texts that are expensive to read, and whether they are read or refused. */
const shapes: readonly (readonly [
  name: string,
  exit: 0 | 1 | 2,
  make: (length: number) => string,
])[] = [
  ['many pods', 1, (length) => fill(length, (i) => `---\n${pod(`p${i}`)}\n`)],
  ['many tiny documents', 0, (length) => fill(length, (i) => `---\na: ${i}\n`)],
  ['many unknown kinds', 2, (length) => fill(length, () => '---\napiVersion: a.b/v1\nkind: K\n')],
  [
    'a large List',
    1,
    (length) => `items:\n${fill(length, (i) => `- ${pod(`p${i}`)}\n`)}kind: List\n`,
  ],
  [
    'a large List in JSON',
    0,
    (length) =>
      `{"items":[${fill(length, (i) => `{"kind":"Pod","metadata":{"name":"p${i}"},"spec":{}},`)}{}],"kind":"List"}`,
  ],
  ['many empty pods', 2, (length) => fill(length, () => '---\nkind: Pod\n')],
  ['one long string', 0, (length) => `a: "${'x'.repeat(length)}"\n`],
  ['many lines', 2, (length) => `a: |\n${fill(length, () => '  a\n')}`],
  ['one large document', 2, (length) => `data:\n${fill(length, (i) => `  k${i}: v\n`)}`],
  [
    'lists in lists',
    2,
    (length) => `a:\n${fill(length, () => `- ${'['.repeat(40)}${']'.repeat(40)}\n`)}`,
  ],
  ['one deep list', 2, (length) => '['.repeat(length / 2) + ']'.repeat(length / 2)],
  ['many aliases', 2, (length) => `x: &a 1\ny:\n${fill(length, () => '- *a\n')}`],
  ['many anchors', 2, (length) => `y:\n${fill(length, (i) => `- &a${i} 1\n`)}`],
  [
    'many annotations',
    2,
    (length) =>
      `kind: Pod\nmetadata:\n  annotations:\n${fill(length, (i) => `    akv-injector.io/x${i}: a\n`)}`,
  ],
  ['many errors', 2, (length) => `a:\n${fill(length, () => '- }\n')}`],
  ['many directives', 2, (length) => `${fill(length, () => '%X\n')}---\na: ]\n`],
]

t.test('check takes at most 40 times the memory of its file', async (t) => {
  const { check } = commandLine(t.testdir())
  const empty = check('')
  for (const [name, exit, make] of shapes) {
    const text = make(4 * mebibyte)
    const { kibibytes, exitCode, stderr } = check(text)
    const ratio = ((kibibytes - empty.kibibytes) * 1024) / text.length
    t.ok(ratio <= maxRatio, `${name}: ${ratio.toFixed(1)} times`)
    t.equal(exitCode, exit, `${name}: ${stderr.slice(0, 200)}`)
  }
  t.ok(shapes.length >= 12)
})

t.test('the time grows with the file, not with its square', async (t) => {
  const { check } = commandLine(t.testdir())
  for (const name of ['many pods', 'a large List']) {
    const make = shapes.find(([shape]) => shape === name)?.[2] ?? (() => '')
    const [small, large] = [1, 4].map((size) => check(make(size * mebibyte)).cpuMs)
    t.ok(Number(large) < 7 * Number(small), `${name}: ${small} ms for 1 MiB, ${large} ms for 4 MiB`)
  }
})

/** Runs `check` in a process of its own and says what it took. */
function commandLine(folder: string) {
  const [file, used, preload] = ['in.yaml', 'used.json', 'preload.mjs'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  writeFileSync(
    preload,
    `import { writeFileSync } from 'node:fs'
    process.on('exit', () => writeFileSync(${JSON.stringify(used)}, JSON.stringify(process.resourceUsage())))`,
  )
  return {
    check(text: string) {
      writeFileSync(file, text)
      const { status, stderr } = spawnSync(
        process.execPath,
        [`--import=${preload}`, main, 'check', file],
        { encoding: 'utf8', maxBuffer: 2 ** 30, env: { ...process.env, NODE_OPTIONS: '' } },
      )
      const { maxRSS, userCPUTime, systemCPUTime } = JSON.parse(readFileSync(used, 'utf8'))
      const cpuMs = Math.round((userCPUTime + systemCPUTime) / 1000)
      return { kibibytes: Number(maxRSS), cpuMs, exitCode: status, stderr }
    },
  }
}

// Compares what templates cost with what is charged for them. CPU time depends on the machine, so each time is counted in
// runs of a control of the same process.

import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { runesOf } from '../../delivery/go-template/model/byte-string.ts'
import { functionArguments } from '../../delivery/go-template/model/template.ts'
import { parseGoTemplate } from '../../delivery/go-template/parse/parse.ts'
import { templateRenderer } from '../../delivery/go-template/render.ts'
import { type CpuBudget, createCpuBudget } from '../../lib/cpu-budget.ts'
import './harness/raise-priority.ts'

const bytes = 250_000
const repeat = (text: string): Buffer => {
  const whole = Buffer.from(text)
  return Buffer.from(text.repeat(Math.floor(bytes / whole.length)))
}
const list = (item: string) => Buffer.from(`[${`${item},`.repeat(bytes / (item.length + 1))}1]`)
const object = `{${Array.from({ length: bytes / 14 }, (_, n) => `"k${n}":1`).join(',')}}`

/** The largest private RSA key that is read. Nobody checks that its factors are primes. */
function largestKey(): Buffer {
  const p = 2n ** 4096n - 5n
  const part = (p * 618_033_988_749_894_848n) / 10n ** 18n
  const q = part - (part % 6n) + 5n
  const order = (p - 1n) * (q - 1n)
  const d = (order * (3n - (order % 3n)) + 1n) / 3n
  const numbers = { n: p * q, e: 3n, d: d % order, p, q }
  const members = Object.entries(numbers).map(([name, number]) => {
    const digits = number.toString(16)
    const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
    return [name, bytes.toString('base64url')]
  })
  return Buffer.from(JSON.stringify({ kty: 'RSA', ...Object.fromEntries(members) }))
}

const curveKeys = generateKeyPairSync('ec', { namedCurve: 'P-521' })

/** Values that are expensive for one of the functions. */
const values: Readonly<Record<string, Buffer>> = {
  letters: repeat('aB'),
  accents: repeat('éÀ'),
  'invalid bytes': Buffer.alloc(bytes, 0xff),
  'line breaks': repeat('\n'),
  blanks: repeat(' '),
  verbs: repeat('%s'),
  quotes: repeat('"'),
  'tags (smaller)': Buffer.from('<'.repeat(bytes / 3)),
  base64: repeat('YWFh'),
  PEM: repeat('-----BEGIN X-----\nYWFh\n-----END X-----\n'),
  'a list of objects': list('{}'),
  'a list of numbers': list('1'),
  'a list of texts': list('""'),
  'small lists': list('[]').subarray(0, 40_000),
  'a small list': Buffer.from(`[${'1,'.repeat(8_000)}1]`),
  'a small list of objects': Buffer.from(`[${'{},'.repeat(2_000)}{}]`),
  'an object': Buffer.from(object),
  'a small object': Buffer.from(`{${object.slice(1, 100_000).replace(/,[^,]*$/, '')}}`),
  'the largest RSA key': largestKey(),
  'a private EC key': Buffer.from(JSON.stringify(curveKeys.privateKey.export({ format: 'jwk' }))),
  'a public EC key': Buffer.from(JSON.stringify(curveKeys.publicKey.export({ format: 'jwk' }))),
  escapes: Buffer.from(`"${'\\u00e9'.repeat(bytes / 6)}"`),
}

/** How each function is called. A JSON value goes through fromJson first. */
const calls: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(functionArguments).map(([name, [least]]) => [
      name,
      `${name} ${'"a" '.repeat(Math.max(0, least - 1))} .v`,
    ]),
  ),
  'replace nothing': 'replace "" "" .v',
  'replace lines': 'replace "\\n" "" .v',
  'printf %q': 'printf "%q" .v',
  'printf %s': 'printf "%s" .v',
  'the format of printf': 'printf .v',
  index: 'index . "v"',
  'toJson of JSON': '.v | fromJson | toJson',
  'quote of JSON': '.v | fromJson | quote',
  'toString of JSON': '.v | fromJson | toString',
  'printf %v of JSON': 'printf "%v" (fromJson .v)',
  'printf %d of JSON': 'printf "%d" (fromJson .v)',
  'many parsed values': `or "" ${'(fromJson .v) '.repeat(50)}`,
}

/** What the control took on the machine where the costs were measured. */
const controlMicroseconds = 6_800
const control = Buffer.alloc(bytes, 0xff).toString('latin1')

function runControl(): number {
  let count = 0
  for (const { code } of runesOf(control)) count += code ?? 1
  return count
}

/** The CPU time of a process, without the time in which others ran. */
function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0

interface Cost {
  readonly charged: number
  readonly spent: number
  /** The most that was spent between two turns of the event loop. */
  readonly longestTurn: number
}

async function costOf(template: string, value: Buffer): Promise<Cost> {
  let charged = 0
  let turnBeganAt = cpuMicroseconds()
  let longestTurn = 0
  const endTurn = async () => {
    longestTurn = Math.max(longestTurn, cpuMicroseconds() - turnBeganAt)
    turnBeganAt = cpuMicroseconds()
  }
  const counted = createCpuBudget({ giveWay: endTurn })
  const budget: CpuBudget = {
    ...counted,
    charge(microseconds) {
      charged += microseconds
      counted.charge(microseconds)
    },
  }
  const before = cpuMicroseconds()
  await templateRenderer(new Map([['v', value]]), budget)(template)
  await endTurn()
  return { charged, spent: cpuMicroseconds() - before, longestTurn }
}

/** Runs a template and the control in turns, and gives the medians. */
async function measureRuns(runs: number, template: string, value: Buffer): Promise<Cost> {
  await costOf(template, value)
  runControl()
  const costs: Cost[] = []
  const controls: number[] = []
  for (let run = 0; run < runs; run++) {
    const before = cpuMicroseconds()
    runControl()
    controls.push(cpuMicroseconds() - before)
    costs.push(await costOf(template, value))
  }
  const machine = controlMicroseconds / median(controls)
  return {
    charged: costs[0]?.charged ?? 0,
    spent: median(costs.map(({ spent }) => spent)) * machine,
    longestTurn: median(costs.map(({ longestTurn }) => longestTurn)) * machine,
  }
}

/**
 * Measures again what seems to cost too much, and more often: V8 may have compiled hot code during the first runs, and others may
 * have had the caches. What really costs too much does so each time.
 */
async function measure(template: string, value: Buffer): Promise<Cost> {
  let cost = await measureRuns(3, template, value)
  for (let more = 0; more < 10 && isTooMuch(cost); more++)
    cost = await measureRuns(9, template, value)
  return cost
}

const isTooMuch = (cost: Cost): boolean => ratioOf(cost) >= maxRatio || cost.longestTurn >= maxTurn

/** What is too small to be measured: the collection of garbage takes as long. */
const noise = 3_000
const ratioOf = ({ spent, charged }: Cost) => Math.max(0, spent - noise) / charged
const maxRatio = 1.5
/** 50 ms, and twice that on a busy machine. Unbounded work would take seconds. */
const maxTurn = 100_000

t.test(
  'the cost of template functions is charged, and no turn of the event loop is long',
  async (t) => {
    let measured = 0
    const highest = { ratio: 0, turn: 0 }
    for (const [call, expression] of Object.entries(calls))
      for (const [what, value] of Object.entries(values)) {
        const { charged, spent, longestTurn } = await measure(
          `{{ if ${expression} }}{{ end }}`,
          value,
        )
        if (spent > noise) measured++
        const ratio = (spent - noise) / charged
        highest.ratio = Math.max(highest.ratio, ratio)
        highest.turn = Math.max(highest.turn, longestTurn)
        if (ratio > maxRatio) t.fail(`${call}, ${what}: ${ratio.toFixed(2)} times what is charged`)
        if (longestTurn > maxTurn)
          t.fail(`${call}, ${what}: a turn of ${Math.round(longestTurn)} µs`)
      }
    t.comment(`at most ${highest.ratio.toFixed(2)} times what is charged`)
    t.comment(`the longest turn: ${Math.round(highest.turn)} µs on the reference machine`)
    t.ok(measured > 100, `${measured} calls took long enough to be measured`)
  },
)

/** The bounds of docs/specification.md, "Templates of ExternalSecrets": the characters and the parts of a template. */
const fill = (text: string, parts = 8) =>
  text.repeat(Math.floor(Math.min(65_536 / text.length, 20_000 / parts)))
const texts: Readonly<Record<string, string>> = {
  'deep calls': `{{ or ${'(or .) '.repeat(3_300)} }}`,
  actions: fill('{{.}}', 3),
  conditions: fill('{{if .}}{{end}}', 8),
  fields: fill('{{.abcdefghijk}}', 3),
  keys: fill('{{index . "v"}}'),
  formats: fill('{{printf "%s" .}}'),
  letters: fill('{{.é}}', 3),
  literals: `{{ "${'\\u00e9'.repeat(10_000)}" }}`,
}

t.test(
  'the cost of parsing a template is charged, and steps yield to the event loop',
  async (t) => {
    let parsed = 0
    for (const [what, text] of Object.entries(texts)) {
      const cost = await measure(text, Buffer.from('x'))
      const { longestTurn } = cost
      if (parseGoTemplate(text).kind === 'valid') parsed++
      const ratio = ratioOf(cost)
      t.comment(`${what}: ${ratio.toFixed(2)} times what is charged`)
      t.ok(ratio < maxRatio, what)
      t.ok(longestTurn < maxTurn, `${what}: a turn of ${Math.round(longestTurn)} µs`)
    }
    t.ok(parsed >= 4, `${parsed} were whole templates`)
  },
)

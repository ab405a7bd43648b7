import fc from 'fast-check'
import t from 'tap'
import type { AgentConfig, WantedFile } from '../../../delivery/contract.ts'
import type { FetchOutcome } from '../../../delivery/projection/fetch-objects.ts'
import {
  type Content,
  noContent,
  projectContent,
} from '../../../delivery/projection/project-content.ts'
import { objectKey } from '../../../delivery/projection/wanted-objects.ts'
import { createCpuBudget } from '../../../lib/cpu-budget.ts'
import { AkvError, type AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { agentConfig as config, secretFile, secretVariable } from '../../init-agent/harness/pod.ts'
import { secretAnswer } from '../../init-agent/harness/secret-answer.ts'
import { delivered } from '../../init-agent/harness/volume.ts'
import { anyCharacter } from '../../support/any-character.ts'
import { numRuns } from '../../support/property-runs.ts'

const optional = { optional: true } as const

const fetched = (value: string): FetchOutcome => ({ kind: 'fetched', found: [secretAnswer(value)] })
const not = (kind: 'absent' | 'failed', code: AkvErrorCode = 'AKV_NETWORK'): FetchOutcome => ({
  kind,
  error: new AkvError(code, code),
})
const content = (files: Record<string, string>, env: Record<string, string> = {}): Content => {
  const map = (values: Record<string, string>) =>
    new Map(Object.entries(values).map(([name, value]) => [name, Buffer.from(value)]))
  return { files: delivered(files), env: map(env) }
}

/** Outcomes for secrets of `team-a`, by name. */
async function project(
  config: AgentConfig,
  outcomes: Record<string, FetchOutcome>,
  before = noContent,
  budget = createCpuBudget(),
) {
  const byKey = Object.entries(outcomes).map(
    ([name, outcome]) => [`team-a:secrets/${name}`, outcome] as const,
  )
  const { content, problems } = await projectContent(config, {
    outcomes: new Map(byKey),
    before,
    budget,
  })
  const text = (values: ReadonlyMap<string, Uint8Array>) =>
    Object.fromEntries([...values].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]))
  const files = [...content.files].map(([path, { bytes }]) => [path, bytes] as const)
  return {
    files: text(new Map(files)),
    env: text(content.env),
    problems: problems.map(({ key, error }) => `${key} ${error.code}`),
  }
}

t.test('a value is written to every target that requests it', async (t) => {
  const wanted = config({
    files: [secretFile('a'), secretFile('a', { path: 'x/y' })],
    env: [secretVariable('A', 'a')],
  })
  t.strictSame(await project(wanted, { a: fetched('v') }), {
    files: { a: 'v', 'x/y': 'v' },
    env: { A: 'v' },
    problems: [],
  })
})

t.test('on the first fetch, only optional values may be absent', async (t) => {
  const wanted = config({ files: [secretFile('a'), secretFile('b', optional)] })
  const { files, problems } = await project(wanted, { a: not('absent'), b: not('absent') })
  t.strictSame(files, {})
  t.strictSame(problems, ['team-a:secrets/a AKV_NETWORK'])
})

t.test('a failure is a problem even if the value is optional', async (t) => {
  const wanted = config({ files: [secretFile('b', optional)] })
  t.equal((await project(wanted, { b: not('failed') })).problems.length, 1)
})

t.test(
  'a target that failed or wasn’t requested keeps its value while others change',
  async (t) => {
    const wanted = config({ files: ['a', 'b', 'c'].map((name) => secretFile(name)) })
    const before = content({ a: '1', b: '1', c: '1' })
    t.strictSame(await project(wanted, { a: fetched('2'), b: not('failed') }, before), {
      files: { a: '2', b: '1', c: '1' },
      env: {},
      problems: ['team-a:secrets/b AKV_NETWORK'],
    })
  },
)

t.test('on-deleted decides whether a deleted file stays; a variable always stays', async (t) => {
  const wanted = {
    files: [secretFile('a'), secretFile('b', optional)],
    env: [secretVariable('A', 'a')],
  }
  const before = content({ a: '1', b: '1' }, { A: '1' })
  const outcomes = { a: not('absent'), b: not('absent') }
  const kept = await project(config({ ...wanted, onDeleted: 'keep' }), outcomes, before)
  t.strictSame([kept.files, kept.env], [{ a: '1', b: '1' }, { A: '1' }])
  const removed = await project(config({ ...wanted, onDeleted: 'remove' }), outcomes, before)
  t.strictSame([removed.files, removed.env], [{}, { A: '1' }])
})

t.test(
  'a value that can’t be a variable is an error there, but is written as a file',
  async (t) => {
    const wanted = config({
      files: [secretFile('a')],
      env: [secretVariable('A', 'a'), secretVariable('E', 'e', optional)],
    })
    const { files, env, problems } = await project(wanted, { a: fetched("it's"), e: fetched('') })
    t.strictSame(files, { a: "it's" })
    t.strictSame(env, {}, 'empty counts as absent where that is allowed')
    t.strictSame(problems, ['team-a:secrets/a AKV_ENV_VALUE'])
    const kept = await project(wanted, { a: fetched("it's") }, content({}, { A: 'its' }))
    t.strictSame(kept.env, { A: 'its' })
    const required = config({ env: [secretVariable('E', 'e')] })
    t.strictSame((await project(required, { e: fetched('') })).problems, [
      'team-a:secrets/e AKV_ENV_VALUE',
    ])
  },
)

t.test('no problem of a projection quotes a value', async () => {
  const wanted = config({ env: [secretVariable('A', 'a')] })
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: anyCharacter }), async (text) => {
      const outcomes = new Map([['team-a:secrets/a', fetched(`hunter2${text}'`)]])
      const { problems } = await projectContent(wanted, { outcomes, before: noContent })
      return problems.length === 1 && !problems[0]?.error.message.includes('hunter2')
    }),
    { numRuns },
  )
})

t.test('a folder is kept, removed and replaced as a whole', async (t) => {
  const tls = (more = {}) => ({ ...secretFile('a', { path: 'f', ...more }) })
  const folders: readonly [WantedFile, Record<string, string>][] = [
    [
      { ...tls(), object: { vault: 'team-a', type: 'tls', name: 'a' } },
      { 'f/tls.crt': '1', 'f/tls.key': '1', 'f/ca.crt': '1' },
    ],
    [tls({ property: '*' }), { 'f/x': '1', 'f/y': '1' }],
    [tls({ versions: 3 }), { 'f/0': '1', 'f/1': '1' }],
  ]
  for (const [file, old] of folders) {
    const before = content({ ...old, other: 'x' })
    const paths = async (
      result: FetchOutcome | undefined,
      onDeleted: 'keep' | 'remove' = 'keep',
    ) => {
      const outcomes = new Map(result && [[objectKey(file.object, file), result]])
      const wanted = config({ files: [file], onDeleted })
      return [...(await projectContent(wanted, { outcomes, before })).content.files.keys()]
    }
    for (const result of [undefined, not('failed'), not('absent')])
      t.strictSame(await paths(result), Object.keys(old))
    t.strictSame(await paths(not('failed'), 'remove'), Object.keys(old))
    t.strictSame(await paths(not('absent'), 'remove'), [])
  }
})

t.test('each file has its own mode, or that of all', async (t) => {
  const wanted = config({
    files: [secretFile('a'), secretFile('a', { path: 'b', mode: '0400' })],
    fileMode: '0440',
  })
  const outcomes = new Map([['team-a:secrets/a', fetched('v')]])
  const { content } = await projectContent(wanted, { outcomes, before: noContent })
  t.strictSame(
    [...content.files.values()].map(({ to }) => to.kind === 'file' && to.mode),
    [0o440, 0o400],
  )
})

/** The hostile one: 60 keys out of one JSON value, each by a path of 63 segments. */
const deepSegments = Array.from({ length: 63 }, (_, i) => `s${i}`)
const deepJson = deepSegments.reduceRight((inner, name) => `{"${name}":${inner}}`, '"v"')
const wideJson = `{"pad":"${'x'.repeat(22_000)}",${deepJson.slice(1)}`
const deepFiles = Array.from({ length: 60 }, (_, i) =>
  secretFile('a', { path: `f${i}`, property: deepSegments.join('.') }),
)

t.test('a JSON value is parsed once, however many targets pick from it', async (t) => {
  const parse = t.capture(JSON, 'parse', JSON.parse)
  const { files, problems } = await project(config({ files: deepFiles }), { a: fetched(wideJson) })
  t.equal(Object.keys(files).length, 60)
  t.strictSame(problems, [])
  t.equal(parse().filter(({ args }) => args[0] === wideJson).length, 1)
})

t.test('between targets everything else gets turns', async (t) => {
  let turns = 0
  let charged = 0
  const { charge, ...budget } = createCpuBudget({
    giveWay: async () => {
      turns += 1
    },
  })
  const counting = {
    ...budget,
    charge(microseconds: number) {
      charged += microseconds
      charge(microseconds)
    },
  }
  await project(config({ files: deepFiles }), { a: fetched(wideJson) }, noContent, counting)
  t.ok(charged < 20_000, `sixty keys cost less than ten parses: ${charged}`)
  t.ok(turns >= 1, `${turns} turns`)

  turns = 0
  const many = Array.from({ length: 200 }, (_, i) => [`a${i}`, fetched(wideJson)] as const)
  const files = many.map(([name]) => secretFile(name, { path: name, property: 'pad' }))
  await project(config({ files }), Object.fromEntries(many), noContent, counting)
  t.ok(turns >= 100, `${turns} turns for 200 values`)
})

t.test('a target beyond the budget fails alone, and keeps its current value', async (t) => {
  const budget = createCpuBudget({
    microseconds: 1_000,
    exhausted: () => new AkvError('AKV_INTERNAL', 'too much'),
  })
  const wanted = config({
    files: [
      secretFile('small'),
      secretFile('large', { path: 'large', property: 'pad' }),
      secretFile('after'),
    ],
  })
  const outcomes = { small: fetched('1'), large: fetched(wideJson), after: fetched('2') }
  t.strictSame(await project(wanted, outcomes, content({ large: 'before' }), budget), {
    files: { small: '1', large: 'before', after: '2' },
    env: {},
    problems: ['team-a:secrets/large AKV_INTERNAL'],
  })
})

t.test('each target says which versions its value is made of', async (t) => {
  const [one = '', two = ''] = [1, 2].map((i) => `${i}`.repeat(32))
  const secret = (name: string) => ({ vault: 'team-a', type: 'secret', name }) as const
  const wanted = config({
    onDeleted: 'remove',
    files: [
      secretFile('a'),
      secretFile('failing'),
      secretFile('gone'),
      secretFile('history', { versions: 2 }),
    ],
    templates: [
      {
        path: 't',
        segments: ['-', { object: secret('a') }, { object: secret('gone'), ...optional }],
      },
      { path: 'u', segments: [{ object: secret('a') }, { object: secret('failing') }] },
    ],
    env: [secretVariable('A', 'a'), secretVariable('B', 'quiet')],
  })
  const found = (...versions: readonly string[]): FetchOutcome => {
    const [first = secretAnswer(''), ...older] = versions.map((version) =>
      secretAnswer('v', { version }),
    )
    return { kind: 'fetched', found: [first, ...older] }
  }
  const outcomes = new Map([
    ['team-a:secrets/a', found(two)],
    ['team-a:secrets/failing', not('failed')],
    ['team-a:secrets/gone', not('absent')],
    ['history of team-a:secrets/history', found(two, one)],
  ])
  const held = content({ failing: 'v', gone: 'v', t: 'v', u: 'v' }, { A: 'v', B: 'v' })
  const old = new Map([['team-a:secrets/old', [{ version: one }]]])
  const projectFrom = async (before: Content, known: boolean) => {
    const targets = wanted.files.length + wanted.templates.length + wanted.env.length
    const sources = known ? Array.from({ length: targets }, () => old) : undefined
    const projected = await projectContent(wanted, { outcomes, before, sources })
    return projected.sources.map((sources) =>
      sources === undefined
        ? 'unknown'
        : Object.fromEntries(
            [...sources].map(([key, versions]) => [key, versions.map(({ version }) => version)]),
          ),
    )
  }
  const a = { 'team-a:secrets/a': [two] }
  const kept = { 'team-a:secrets/old': [one] }
  const history = { 'history of team-a:secrets/history': [two, one] }
  t.strictSame(await projectFrom(held, true), [a, kept, {}, history, a, kept, a, kept])
  t.strictSame(await projectFrom(held, false), [
    ...[a, 'unknown', {}, history],
    ...[a, 'unknown', a, 'unknown'],
  ])
  t.strictSame(await projectFrom(noContent, true), [a, {}, {}, history, a, {}, a, {}])
})

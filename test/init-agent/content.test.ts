import fc from 'fast-check'
import t from 'tap'
import { type Content, noContent, projectContent } from '../../init-agent/content.ts'
import type { AgentConfig, WantedFile } from '../../init-agent/contract.ts'
import type { Outcome } from '../../init-agent/fetch-objects.ts'
import { objectKey } from '../../init-agent/wanted-objects.ts'
import { AkvError, type AkvErrorCode } from '../../keyvault/errors.ts'
import { agentConfig as config, secretFile, secretVariable } from './pod.ts'
import { secretAnswer } from './secret-answer.ts'
import { set } from './volume.ts'

const optional = { optional: true } as const

const fetched = (value: string): Outcome => ({ kind: 'fetched', found: [secretAnswer(value)] })
const not = (kind: 'absent' | 'failed', code: AkvErrorCode = 'AKV_NETWORK'): Outcome => ({
  kind,
  error: new AkvError({ code, message: code }),
})
const content = (files: Record<string, string>, env: Record<string, string> = {}): Content => {
  const map = (values: Record<string, string>) =>
    new Map(Object.entries(values).map(([name, value]) => [name, Buffer.from(value)]))
  return { files: set(files), env: map(env) }
}

/** Outcomes for secrets of `team-a`, by name. */
async function project(config: AgentConfig, outcomes: Record<string, Outcome>, before = noContent) {
  const byKey = Object.entries(outcomes).map(
    ([name, outcome]) => [`team-a:secrets/${name}`, outcome] as const,
  )
  const { content, problems } = await projectContent(config, { outcomes: new Map(byKey), before })
  const text = (values: ReadonlyMap<string, Uint8Array>) =>
    Object.fromEntries([...values].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]))
  const files = [...content.files].map(([path, { bytes }]) => [path, bytes] as const)
  return {
    files: text(new Map(files)),
    env: text(content.env),
    problems: problems.map(({ key, error }) => `${key} ${error.code}`),
  }
}

t.test('a value goes to every target that wants it', async (t) => {
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

t.test('the first time, only what is optional may be absent', async (t) => {
  const wanted = config({ files: [secretFile('a'), secretFile('b', optional)] })
  const { files, problems } = await project(wanted, { a: not('absent'), b: not('absent') })
  t.strictSame(files, {})
  t.strictSame(problems, ['team-a:secrets/a AKV_NETWORK'])
})

t.test('what failed is a problem even where it is optional', async (t) => {
  const wanted = config({ files: [secretFile('b', optional)] })
  t.equal((await project(wanted, { b: not('failed') })).problems.length, 1)
})

t.test('what failed, or was not asked for, keeps its value while others switch', async (t) => {
  const wanted = config({ files: ['a', 'b', 'c'].map((name) => secretFile(name)) })
  const before = content({ a: '1', b: '1', c: '1' })
  t.strictSame(await project(wanted, { a: fetched('2'), b: not('failed') }, before), {
    files: { a: '2', b: '1', c: '1' },
    env: {},
    problems: ['team-a:secrets/b AKV_NETWORK'],
  })
})

t.test(
  'what was deleted stays, or goes, as on-deleted says; a variable always stays',
  async (t) => {
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
  },
)

t.test('a value that is no variable is an error there, and a file all the same', async (t) => {
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
})

t.test('no problem ever quotes a value', async () => {
  const wanted = config({ env: [secretVariable('A', 'a')] })
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
      const outcomes = new Map([['team-a:secrets/a', fetched(`hunter2${text}'`)]])
      const { problems } = await projectContent(wanted, { outcomes, before: noContent })
      return problems.length === 1 && !problems[0]?.error.message.includes('hunter2')
    }),
    { numRuns: 1000 },
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
    const paths = async (result: Outcome | undefined, onDeleted: 'keep' | 'remove' = 'keep') => {
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
    [...content.files.values()].map(({ mode }) => mode),
    [0o440, 0o400],
  )
})

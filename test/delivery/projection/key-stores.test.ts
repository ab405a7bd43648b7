import fc from 'fast-check'
import t from 'tap'
import type { FetchOutcome } from '../../../delivery/projection/fetch-objects.ts'
import {
  type Content,
  noContent,
  projectContent,
} from '../../../delivery/projection/project-content.ts'
import { neededObjectKeys } from '../../../delivery/projection/wanted-objects.ts'
import { readPfx } from '../../../keyvault/formats/pkcs12/pfx.ts'
import { createCpuBudget } from '../../../lib/cpu-budget.ts'
import { AkvError, type AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import {
  agentConfig,
  objectFile,
  secretFile,
  secretVariable,
} from '../../init-agent/harness/pod.ts'
import { secretAnswer } from '../../init-agent/harness/secret-answer.ts'
import { fixture } from '../../keyvault/formats/fixtures.ts'
import { numRuns } from '../../support/property-runs.ts'

const password = secretFile('password').object
const store = (name: string) => objectFile('pfx', name, { path: `${name}.p12`, password })

/** Certificates and passwords as they follow one another. */
const certificates = ['chain-ec-p256', 'chain-ec-p384', 'chain-aes-256']
const passwords = ['first', 'second\n', 'third', '']

type Answer = 'none' | Exclude<FetchOutcome['kind'], 'fetched'> | { readonly version: number }

function outcomeOf(name: string, answer: Answer): readonly (readonly [string, FetchOutcome])[] {
  const key = `team-a:secrets/${name}`
  if (answer === 'none') return []
  if (typeof answer === 'string')
    return [[key, { kind: answer, error: new AkvError('AKV_NETWORK', `${name} is out`) }]]
  const version = `${answer.version}`
  const found =
    name === 'password'
      ? secretAnswer(passwords[answer.version] ?? '', { version })
      : secretAnswer(fixture(`${certificates[answer.version]}.pfx`).toString('base64'), {
          version,
          contentType: 'application/x-pkcs12',
          isCertificate: true,
        })
  return [[key, { kind: 'fetched', found: [found] }]]
}

const outcomesOf = (answers: Readonly<Record<string, Answer>>) =>
  new Map(Object.entries(answers).flatMap(([name, answer]) => outcomeOf(name, answer)))

const textIn = ({ files }: Content, path: string): string | undefined =>
  files.get(path) && Buffer.from(files.get(path)?.bytes ?? []).toString()

const opens = async ({ files }: Content, path: string, text: string): Promise<boolean> =>
  (await readPfx(files.get(path)?.bytes ?? Buffer.of(), undefined, text.trimEnd())).kind === 'valid'

const ok = (version: number): Answer => ({ version })
const both = agentConfig({
  files: [store('web'), store('api'), secretFile('password')],
  templates: [{ path: 'app.conf', segments: ['password=', { object: password }] }],
  env: [secretVariable('PASSWORD', 'password')],
})

t.test('a key store and its password change together, or neither does', async (t) => {
  const project = (answers: Readonly<Record<string, Answer>>, before: Content) =>
    projectContent(both, { outcomes: outcomesOf(answers), before })
  const { content: start } = await project({ web: ok(0), api: ok(0), password: ok(0) }, noContent)
  t.ok(await opens(start, 'web.p12', 'first'))

  for (const answer of ['failed', 'absent', 'none'] as const) {
    const held = await project({ web: answer, api: ok(1), password: ok(1) }, start)
    t.strictSame(held.content, start, `the password waits: ${answer}`)
    t.notOk(held.outcomes.has('team-a:secrets/password'))
    const kept = await project({ web: ok(1), api: ok(1), password: answer }, start)
    t.strictSame(kept.content, start, `the certificates wait: ${answer}`)
    const same = await project({ web: answer, api: ok(1), password: ok(0) }, start)
    t.not(same.content.files.get('api.p12')?.bytes, start.files.get('api.p12')?.bytes)
    t.strictSame(same.content.files.get('web.p12'), start.files.get('web.p12'))
    t.ok(await opens(same.content, 'api.p12', 'first'), 'an unchanged password holds up nothing')
  }

  const { content: next, problems } = await project(
    { web: ok(1), api: ok(1), password: ok(1) },
    start,
  )
  t.strictSame(problems, [])
  t.equal(textIn(next, 'password'), 'second\n')
  for (const path of ['web.p12', 'api.p12']) t.ok(await opens(next, path, 'second'))
})

t.test('whatever fails, the key stores in place open with the password in place', async () => {
  const answer = (versions: number) =>
    fc.oneof(
      fc.constantFrom<Answer>('none', 'failed', 'absent'),
      fc.integer({ min: 0, max: versions - 1 }).map(ok),
    )
  const round = fc.record({ web: answer(3), api: answer(3), password: answer(4) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(round, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('keep' as const, 'remove' as const),
      async (rounds, onDeleted) => {
        const config = { ...both, onDeleted }
        const first = { web: ok(0), api: ok(0), password: ok(0) }
        let content = noContent
        for (const answers of [first, ...rounds]) {
          ;({ content } = await projectContent(config, {
            outcomes: outcomesOf(answers),
            before: content,
          }))
          const texts = [
            textIn(content, 'password'),
            textIn(content, 'app.conf')?.replace('password=', ''),
            Buffer.from(content.env.get('PASSWORD') ?? []).toString(),
          ]
          for (const path of ['web.p12', 'api.p12'])
            for (const text of texts)
              if (content.files.has(path) && text !== undefined)
                if (!(await opens(content, path, text))) return false
        }
        return true
      },
    ),
    { numRuns: Math.ceil(numRuns / 5) },
  )
})

t.test('a used-up CPU budget fails the key stores, and not everything else', async (t) => {
  const config = agentConfig({
    files: [store('web'), secretFile('password'), objectFile('secret', 'api')],
  })
  const project = (version: number, more: Partial<Parameters<typeof projectContent>[1]>) => {
    const answers = { web: ok(version), api: ok(version), password: ok(version) }
    return projectContent(config, { outcomes: outcomesOf(answers), before: noContent, ...more })
  }
  const { content: start } = await project(0, {})
  // Enough to read the certificates, and too little to derive any key.
  const budget = createCpuBudget({
    microseconds: 5_000,
    exhausted: () => new AkvError('AKV_SYNC_TOO_MANY', 'used up'),
  })
  const { content, problems } = await project(1, { before: start, budget })
  t.strictSame(
    problems.map(({ key, error }) => [key, error.message]),
    [['team-a:secrets/web', 'used up']],
  )
  for (const path of ['web.p12', 'password'])
    t.strictSame(content.files.get(path), start.files.get(path), path)
  t.equal(content.files.size, 3)
  t.not(textIn(content, 'api'), textIn(start, 'api'), 'the others are written')
})

t.test('an error names the object that it is about, and shows no password', async (t) => {
  const refused = async (answers: Readonly<Record<string, Answer>>) => {
    const config = agentConfig({ files: [store('web')] })
    const { problems } = await projectContent(config, {
      outcomes: outcomesOf(answers),
      before: noContent,
    })
    return problems.map(({ key, error }) => `${key} ${error.code} ${error.message}`)
  }
  t.strictSame(await refused({ web: ok(0), password: ok(3) }), [
    'team-a:secrets/password AKV_KEY_STORE_PASSWORD secret team-a:password: it can\'t be the password of a key store: it is empty; without a password, leave out "^" and what follows it',
  ])
  t.strictSame(await refused({ web: 'failed', password: 'absent' }), [
    'team-a:secrets/web AKV_NETWORK web is out',
    'team-a:secrets/password AKV_NETWORK password is out',
  ])
})

t.test('what can’t be a password is refused with a sentence that doesn’t show it', async (t) => {
  const project = async (value: string, more: Parameters<typeof secretAnswer>[1] = {}) => {
    const config = agentConfig({ files: [store('web')] })
    const [file = store('web')] = config.files
    const outcomes = outcomesOf({ web: ok(0) })
    const [, key = ''] = neededObjectKeys(file)
    outcomes.set(key, { kind: 'fetched', found: [secretAnswer(value, more)] })
    const { content, problems } = await projectContent(config, { outcomes, before: noContent })
    return { content, error: problems[0]?.error }
  }
  const code: AkvErrorCode = 'AKV_KEY_STORE_PASSWORD'
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /it is empty/],
    ['\n', /it is empty/],
    ['two\nlines', /a line break or another control character/],
    ['end\n\n', /a line break or another control character/],
    ['nul\0', /a line break or another control character/],
    ['p'.repeat(1024), /longer than 1023 bytes/],
    ['é'.repeat(512), /longer than 1023 bytes/],
    ['zzz \u{1f511}', /a character beyond U\+FFFF/],
  ]
  for (const [value, message] of cases) {
    const { error } = await project(value)
    t.match(error, { code, message }, JSON.stringify(value.slice(0, 20)))
    if (value.trim() !== '') t.notOk(error?.message.includes(value.trim().slice(0, 3)))
  }
  const ofCertificate = await project('p', { isCertificate: true })
  t.match(ofCertificate.error, { code, message: /it belongs to a certificate/ })

  for (const [value, text] of [
    ['p\n', 'p'],
    ['p\r\n', 'p'],
    [' p ', ' p '],
    ['é'.repeat(511), 'é'.repeat(511)],
  ] as const) {
    const { content, error } = await project(value)
    t.equal(error, undefined)
    const bytes = content.files.get('web.p12')?.bytes ?? Buffer.of()
    t.equal(
      (await readPfx(bytes, undefined, text)).kind,
      'valid',
      JSON.stringify(value.slice(0, 9)),
    )
  }
})

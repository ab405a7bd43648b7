import t from 'tap'
import { annotationPath } from '../../../lib/problems/problem.ts'
import { readOwnAnnotations } from '../../../requests/annotations/keys/own-annotations.ts'
import { readPodAnnotations } from '../../../requests/annotations/read-pod-annotations.ts'
import { policy } from '../../webhook/core/policy.ts'

const parse = (own: Record<string, string>, changes: Partial<typeof policy> = {}) =>
  readPodAnnotations(own, { policy: { ...policy, ...changes }, namespace: 'default' })

t.test('only annotations under the prefix are ours', async (t) => {
  const own = readOwnAnnotations({
    'akv-injector.io/secrets': 'a',
    'xakv-injector.io/secrets': 'b',
    'akv-injector.io': 'c',
    secrets: 'd',
  })
  t.strictSame({ ...own.own }, { secrets: 'a' })
  t.strictSame(own.problems, [])
})

t.test('a file is named after its object, a variable too, in its own spelling', async (t) => {
  const { request, problems } = parse({ vault: 'Team-A', secrets: 'DB-Password', env: 'api-key' })
  t.strictSame(problems, [])
  t.match(request.files, [
    { path: 'DB-Password', object: { vault: 'team-a', name: 'DB-Password' } },
  ])
  t.match(request.env, [{ variable: 'API_KEY', object: { name: 'api-key' } }])
})

t.test('a variable that would not be one needs a name of its own', async (t) => {
  t.match(parse({ vault: 'team-a', env: '2fa-seed' }).problems, [
    {
      subject: 'akv-injector.io/env, entry "2fa-seed"',
      sentence: /^"2FA_SEED" isn't a valid variable name: .*; write NAME=2fa-seed$/,
    },
  ])
})

t.test(
  'every problem of every entry is told, with its annotation and as it was written',
  async (t) => {
    const { problems } = parse({
      vault: 'team-a',
      secrets: '../x=db-password, /y=b_1:c_1, .=db, conf/=db, .=tls/web, ok=a, ok=b, ok/z=c',
      objects:
        '- {objectName: ok, objectType: secret}\n- {objectName: old, objectType: key, objectVersionHistory: 100}',
      env: '1A=x_1, B=x, B=y',
      'template.ok': '${x_2}',
    })
    const entry = (text: string) => `akv-injector.io/secrets, entry "${text}"`
    t.match(problems, [
      {
        subject: entry('/y=b_1:c_1'),
        sentence: /^"b_1" isn't a valid vault.*; "c_1" isn't a valid/,
      },
      { subject: entry('/y=b_1:c_1'), sentence: /^the path must be relative/ },
      {
        path: annotationPath('akv-injector.io/template.ok'),
        sentence: /"x_2" isn't a valid object name/,
      },
      { subject: 'akv-injector.io/env, entry "1A=x_1"', sentence: /"x_1" isn't a valid object/ },
      { subject: 'akv-injector.io/env, entry "1A=x_1"', sentence: /"1A" isn't a valid variable/ },
      { subject: entry('../x=db-password'), sentence: /^the path must not start with ".."/ },
      { subject: entry('.=db'), sentence: /^the path "." is the mount path itself/ },
      { subject: entry('conf/=db'), sentence: /^the path must not end with "\/"/ },
      { subject: entry('ok=b'), sentence: /^writes to the path "ok", as .* entry "ok=a" does/ },
      { subject: 'akv-injector.io/objects, item 1', sentence: /"ok", as .* entry "ok=a" does/ },
      {
        path: annotationPath('akv-injector.io/template.ok'),
        sentence: /"ok", as .* entry "ok=a" does/,
      },
      {
        subject: entry('ok/z=c'),
        sentence: /^writes to "ok\/z", below "ok", which .*"ok=a" writes/,
      },
      { subject: 'akv-injector.io/env, entry "B=y"', sentence: /variable B, as .*"B=x" does/ },
    ])
    t.equal(problems.length, 13)
  },
)

t.test(
  'too many versions hide no other problem, and one entry has each problem once',
  async (t) => {
    const items = Array.from(
      { length: 11 },
      (_, i) => `- {objectName: o${i}, objectType: secret, objectVersionHistory: 100}`,
    )
    const { problems } = parse({
      vault: 'team-a',
      objects: items.join('\n'),
      secrets: '../x=tls/web, o3=a',
    })
    t.match(problems, [
      {
        subject: 'the files',
        sentence: /^found 1100 versions in all histories; accepted: at most 1000/,
      },
      { subject: 'akv-injector.io/secrets, entry "../x=tls/web"' },
      { subject: 'akv-injector.io/objects, item 4', sentence: /"o3", as .* entry "o3=a" does/ },
    ])
    t.equal(problems.length, 3)
  },
)

t.test('a wrong vault is reported once, not again for each entry', async (t) => {
  const { problems } = parse({ vault: 'a.b', secrets: 'x, y, z' }, { allowedVaults: new Map() })
  t.match(problems, [{ path: annotationPath('akv-injector.io/vault'), found: 'a.b' }])
  t.equal(problems.length, 1)
})

t.test('a key that every object inherits is unknown', async (t) => {
  for (const key of ['constructor', 'toString', 'hasOwnProperty', ''])
    t.match(parse({ vault: 'team-a', secrets: 'x', [key]: 'y' }).problems, [
      {
        path: annotationPath(`akv-injector.io/${key}`),
        sentence: /unknown annotation; accepted after akv-injector.io\/: /,
      },
    ])
  const { own } = readOwnAnnotations(JSON.parse('{"akv-injector.io/__proto__":"x"}'))
  t.match(parse(own).problems, [
    { path: annotationPath('akv-injector.io/__proto__'), sentence: /unknown annotation/ },
  ])
})

t.test('an administrator’s list of vaults binds by namespace', async (t) => {
  const allowedVaults = new Map([['default', new Set(['team-a'])]])
  t.strictSame(parse({ secrets: 'TEAM-A:x' }, { allowedVaults }).problems, [])
  t.match(parse({ secrets: 'team-b:x' }, { allowedVaults }).problems, [
    {
      subject: 'the vaults',
      found: 'team-b',
      sentence:
        /does not allow namespace "default" to use this vault; use another one, or ask the administrator/,
    },
  ])
})

t.test('a value that is not a string is refused, and hides no other problem', async (t) => {
  const { own, problems } = readOwnAnnotations({
    'akv-injector.io/refresh': 0,
    'akv-injector.io/inject': true,
    'akv-injector.io/secrets': 'a',
    'other.example/n': 7,
  })
  t.strictSame(Object.keys(own), ['secrets'])
  t.match(problems, [
    {
      path: annotationPath('akv-injector.io/refresh'),
      found: '0',
      sentence: /must be a string; quote the value/,
    },
    { path: annotationPath('akv-injector.io/inject'), found: 'true' },
  ])
})

t.test('every path that cannot be written is named, and none is blamed for another', async (t) => {
  const { problems } = parse({ vault: 'team-a', secrets: 'a, a, b, b, c/d=x, c=y, e/=z' })
  t.match(
    problems.map(({ subject = '' }) => /"(.*)"/.exec(subject)?.[1]),
    ['e/=z', 'a', 'b', 'c/d=x'],
  )
})

t.test('annotations of ServiceAccounts are refused on a pod', async (t) => {
  for (const key of ['sync', 'sync-now', 'sync-status'])
    t.match(parse({ vault: 'team-a', secrets: 'x', [key]: '- secret: db' }).problems, [
      {
        path: annotationPath(`akv-injector.io/${key}`),
        sentence: /^belongs on the ServiceAccount whose identity reads the vault/,
      },
    ])
})

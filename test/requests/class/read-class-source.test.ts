import t from 'tap'
import { describeProblem } from '../../../lib/problems/problem.ts'
import { readClassSource } from '../../../requests/class/read-class-source.ts'
import { readSeenClass } from '../../../requests/class/seen-class.ts'
import { classSpec, objectList, secret, secretObject } from '../../sync/harness/class-example.ts'
import { policy } from '../../webhook/core/policy.ts'

function read(spec: unknown, policyChanges: Partial<typeof policy> = {}) {
  const metadata = { namespace: 'shop', name: 'kv', uid: 'u', resourceVersion: '1' }
  const [seen] = readSeenClass({ metadata, spec })
  if (seen === undefined) throw new Error('the class has its metadata')
  const source = readClassSource(seen, { ...policy, ...policyChanges })
  return source && { ...source, problems: source.problems.map(describeProblem) }
}
const secretOf = (more: object, objects = [secret('db-password')]) =>
  read(
    classSpec([{ secretName: 'app', data: [data('db-password')], ...more }], {
      objects: objectList(...objects),
    }),
  )
const data = (objectName: string, key = 'password') => ({ objectName, key })
const tls = (...items: readonly object[]) => ({ type: 'kubernetes.io/tls', data: items })
const db = { vault: 'team-a', type: 'secret', name: 'db-password' }

t.test('name, type, labels and annotations of a Secret are as the class has them', async (t) => {
  const ref = { kind: 'SecretProviderClass', name: 'kv' }
  const more = { labels: { app: 'web' }, annotations: { note: 'any text' } }
  t.match(secretOf({ type: 'example.com/x', ...more }), {
    ref,
    uid: 'u',
    secrets: [{ name: 'app', type: 'example.com/x', ...more, source: ref }],
    problems: { length: 0 },
  })
  for (const type of ['', undefined, null]) {
    const found = secretOf({ type })
    t.match(found, { secrets: [{ type: 'Opaque' }], problems: { length: 0 } })
    t.strictSame(found?.secrets[0]?.labels, {})
  }
})

t.test('a key holds the file of its objectName: the alias, else the name', async (t) => {
  const objects = [
    secret('db-password', 'objectAlias: pw'),
    secret('extra'),
    secret('old', 'objectVersionHistory: 3'),
  ]
  const all = [
    data('pw', 'a'),
    data('extra', 'b'),
    data(' extra ', ' c '),
    data('old/0', 'd'),
  ].concat(data('old/2', 'e'))
  t.strictSame(secretOf({ data: all }, objects)?.values, [
    { to: { kind: 'key', secret: 'app', key: 'a' }, object: db, format: 'pem' },
    {
      to: { kind: 'key', secret: 'app', key: 'b' },
      object: { ...db, name: 'extra' },
      format: 'pem',
    },
    {
      to: { kind: 'key', secret: 'app', key: 'c' },
      object: { ...db, name: 'extra' },
      format: 'pem',
    },
    { to: { kind: 'key', secret: 'app', key: 'd' }, object: { ...db, name: 'old' }, format: 'pem' },
    {
      to: { kind: 'key', secret: 'app', key: 'e' },
      object: { ...db, name: 'old' },
      format: 'pem',
      versions: 3,
      versionIndex: 2,
    },
  ])
  for (const [objectName, problem] of [
    ['db-password', /the class has no such file; name an objectAlias/],
    ['old', /it has a history; its newest version is "old\/0"$/],
    ['old/3', /objectVersionHistory is 3, so the last file is "old\/2"$/],
    ['old/01', /the class has no such file/],
    ['old/-1', /the class has no such file/],
    ['extra/0', /the class has no such file/],
    ['constructor', /the class has no such file/],
  ] as const)
    t.match(secretOf({ data: [data(objectName)] }, objects)?.problems, [problem])
})

t.test('a TLS Secret holds the certificates and the key of one object', async (t) => {
  const web = [
    secret('web'),
    secret('other'),
    'objectName: public\nobjectType: cert',
    secret('pfx', 'objectFormat: pfx'),
  ]
  const both = [data('web', 'tls.crt'), data('web', 'tls.key')]
  t.strictSame(secretOf(tls(...both), web)?.values, [
    {
      to: { kind: 'key', secret: 'app', key: 'tls.crt' },
      object: { ...db, name: 'web' },
      format: 'tls.crt',
    },
    {
      to: { kind: 'key', secret: 'app', key: 'tls.key' },
      object: { ...db, name: 'web' },
      format: 'tls.key',
    },
  ])
  for (const [items, problem] of [
    [
      [...both, data('web', 'ca.crt')],
      /key "ca.crt": a Secret of type kubernetes.io\/tls has the keys tls.crt and tls.key only$/,
    ],
    [
      [data('web', 'tls.crt'), data('other', 'tls.key')],
      /data: found several objects; .* request it on the ServiceAccount/,
    ],
    [[data('web', 'tls.crt')], /needs the key tls.key/],
    [
      [data('public', 'tls.crt'), data('public', 'tls.key')],
      /objectName "public": .* write objectType: secret/,
    ],
    [[data('pfx', 'tls.crt'), data('pfx', 'tls.key')], /objectName "pfx": .*no objectFormat$/],
  ] as const)
    t.match(secretOf(tls(...items), web)?.problems[0], problem)
})

t.test('every mistake has its place', async (t) => {
  for (const [items, problem] of [
    ['x', 'secretObjects: expected a list of Secrets'],
    [['x'], 'secretObjects, item 1: expected secretName and data'],
    [
      [{ secretName: 'A' }],
      /^secretObjects, item 1, secretName "A": expected the name of a Secret/,
    ],
    [[{ secretName: 'akv-injector-sync-web' }], /the controller uses such names for its records/],
    [
      [{ secretName: 'a' }],
      'secretObjects, item 1, Secret a: data: expected a list of objectName and key',
    ],
    [
      [{ secretName: 'a', data: 'x' }],
      'secretObjects, item 1, Secret a: data "x": expected a list of objectName and key',
    ],
    [
      [secretObject('a', { a: 'db-password' }), secretObject('a', { b: 'db-password' })],
      'secretObjects, item 2, Secret a: another item has this name; merge the two',
    ],
    [
      [{ ...secretObject('a', { a: 'db-password' }), type: 'bootstrap.kubernetes.io/token' }],
      /item 1, Secret a: type "bootstrap.kubernetes.io\/token": is refused/,
    ],
    [
      [
        {
          ...secretObject('a', { a: 'db-password' }),
          labels: { 'app.kubernetes.io/managed-by': 'x' },
        },
      ],
      /label app.kubernetes.io\/managed-by: the controller sets this label itself/,
    ],
    [[{ secretName: 'a', data: [{ key: 'x' }] }], /data, item 1, objectName is missing$/],
    [[{ secretName: 'a', data: [{ objectName: 'db-password' }] }], /data, item 1, key is missing$/],
    [
      [{ secretName: 'a', data: [data('db-password', 'a/b')] }],
      /data, item 1, key "a\/b": a key of a Secret must not contain/,
    ],
    [
      [{ secretName: 'a', data: [data('db-password'), data('db-password')] }],
      /data, item 2, key "password": another item has this key$/,
    ],
    [
      [secretObject('a', { x: 'db-password' }, { type: 'kubernetes.io/dockerconfigjson' })],
      /needs the key .dockerconfigjson/,
    ],
  ] as const)
    t.match(read(classSpec(items))?.problems, [problem])
})

t.test('a Secret has at most 500 keys', async (t) => {
  const keys = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'db-password']))
  const problemsOf = (count: number) => read(classSpec([secretObject('a', keys(count))]))?.problems
  t.strictSame(problemsOf(500), [])
  t.strictSame(problemsOf(501), [
    'secretObjects, item 1, Secret a: found 501 keys; accepted: at most 500',
  ])
})

t.test('mistakes in the parameters are those of a pod', async (t) => {
  const items = [secretObject('a', { a: 'db-password' })]
  for (const [parameters, problem] of [
    [{ keyvaultName: 'kv' }, /^parameters.keyvaultName "kv": expected the name of a vault/],
    [
      { cloudName: 'AzureChinaCloud' },
      /^parameters.cloudName "AzureChinaCloud": this cluster uses the cloud/,
    ],
    [
      { useAzureTokenProxy: 'true', usePodIdentity: 'true' },
      /^parameters.useAzureTokenProxy: is true, and the class asks for pod identity, too/,
    ],
    [{ objects: 'array: x' }, /^parameters.objects: expected the "array:"/],
    [
      { objects: objectList(secret('a'), secret('a')) },
      /^parameters.objects, item 2: writes to the path "a"/,
    ],
  ] as const)
    t.match(read(classSpec(items, parameters))?.problems[0], problem)
  const allowed = { allowedVaults: new Map([['shop', new Set(['other'])]]) }
  t.match(read(classSpec(items), allowed)?.problems, [
    /^parameters.keyvaultName "team-a": the administrator does not allow/,
  ])
})

t.test('a class without secretObjects, or of another provider, requests nothing', async (t) => {
  for (const spec of [
    classSpec(undefined),
    classSpec([]),
    { ...classSpec([secretObject('a', { a: 'x' })]), provider: 'gcp' },
    undefined,
  ])
    t.equal(read(spec), undefined)
})

t.test('a class that is too large or too deep isn’t kept', async (t) => {
  const items = Array.from({ length: 5000 }, (_, i) => secretObject(`s${i}`, { a: 'db-password' }))
  t.match(read(classSpec(items)), {
    secrets: { length: 0 },
    problems: [/^secretObjects: found \d+ characters; accepted: at most 65536$/],
  })
  t.match(read(classSpec([secretObject('a', { a: 'x' })], { objects: 'x'.repeat(70_000) })), {
    problems: [/characters/],
  })
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`)
  t.match(read(classSpec(deep))?.problems[0], /secretObjects/)
  const many = Array.from({ length: 900 }, () => ({}))
  t.ok((read(classSpec(many))?.problems.length ?? 0) <= 20)
})

t.test('any JSON is a class, and is answered', async (t) => {
  for (const value of [0, 'x', null, [], {}, { metadata: null }, { metadata: { name: 1 } }])
    t.strictSame(readSeenClass(value), [])
  for (const spec of [0, 'x', [], { provider: 'azure', secretObjects: [1] }, { provider: {} }])
    t.doesNotThrow(() => read(spec))
})

t.test('a class that can’t be read still claims its Secrets', async (t) => {
  const items = [secretObject('db', {}), secretObject('db', {}), { secretName: 'Not_valid' }, 1]
  const wide = 'x'.repeat(64 * 1024)
  for (const [what, spec] of [
    ['too much in secretObjects', classSpec([...items, { labels: { app: wide } }])],
    ['too much in parameters', classSpec(items, { objects: wide })],
    ['a wrong parameter', classSpec(items, { cloudName: 'none' })],
    ['too many mistakes before', classSpec([...Array(30).fill({}), ...items])],
  ] as const) {
    const source = read(spec)
    t.strictSame(source?.claims, ['db'], what)
    t.not(source?.problems.length, 0, what)
  }
  const many = Array.from({ length: 5000 }, (_, i) => secretObject(`db-${i}`, {}))
  t.equal(read(classSpec(many))?.claims.length, 1000)
  for (const strange of [{}, 'db', 7]) t.strictSame(read(classSpec(strange))?.claims, [])
})

t.test('a sign-in or a cloud that the class chooses has no effect, and that is said', async (t) => {
  const secretObjects = [{ secretName: 'app', data: [data('db-password')] }]
  const objects = objectList(secret('db-password'))
  const unusedOf = (parameters: Readonly<Record<string, string>>) =>
    read(classSpec(secretObjects, { objects, ...parameters }))?.unused
  for (const flag of ['usePodIdentity', 'useVMManagedIdentity'])
    t.match(
      unusedOf({ useVMManagedIdentity: 'false', [flag]: 'true' }),
      new RegExp(`^parameters\\.${flag} has no effect here; a ServiceAccount signs in, as the cl`),
    )
  t.match(
    unusedOf({ useVMManagedIdentity: '', cloudEnvFileName: '/etc/akscustom.json' }),
    /^parameters\.cloudEnvFileName has no effect here; the administrator's cloud/,
  )
  t.equal(unusedOf({ useVMManagedIdentity: 'false', cloudEnvFileName: '' }), undefined)
})

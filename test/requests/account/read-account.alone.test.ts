import fc from 'fast-check'
import t from 'tap'
import { destinationKey } from '../../../delivery/destination.ts'
import { annotationPath, describeField } from '../../../lib/problems/problem.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import { readAccount } from '../../../requests/account/read-account.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { anyCharacter } from '../../support/any-character.ts'
import { countSteps } from '../../support/count-steps.ts'
import { numRuns } from '../../support/property-runs.ts'
import { policy } from '../../webhook/core/policy.ts'

const runs = { numRuns }
const someone = '22222222-2222-2222-2222-222222222222'

/** Annotations of ours, and azure-workload-identity's in full. */
function read(own: Record<string, string>, changes: Partial<Policy> & { name?: string } = {}) {
  const { name = 'web', ...policyChanges } = changes
  const annotations = Object.fromEntries(
    Object.entries(own).map(([key, value]) => [
      key.includes('/') ? key : `akv-injector.io/${key}`,
      value,
    ]),
  )
  return readAccount({ namespace: 'shop', name, annotations }, { ...policy, ...policyChanges })
}

function desired(sync: string, own: Record<string, string> = {}): SyncRequest {
  const request = read({ vault: 'team-a', sync, ...own })
  if (request.kind !== 'wanted') throw new Error(JSON.stringify(request))
  return request
}

/** The sentences of a list that is refused. */
function refusals(sync: string, own: Record<string, string> = {}): readonly string[] {
  const request = read({ vault: 'team-a', sync, ...own })
  return request.kind === 'refused'
    ? request.problems.map(({ sentence, ...field }) => {
        if (describeField(field) !== 'akv-injector.io/sync') throw new Error(describeField(field))
        return sentence
      })
    : []
}

t.test('the example in the specification is accepted', async (t) => {
  const { config, secrets, azure } = desired(
    `
- secret: web-tls
  type: kubernetes.io/tls
  data: tls/web
- secret: db
  data: "password=db-password, url=db#connection.url"
  labels: { app: web }
`,
    { refresh: '5m', 'azure.workload.identity/client-id': someone },
  )
  t.strictSame(secrets, [
    { name: 'web-tls', type: 'kubernetes.io/tls', labels: {} },
    { name: 'db', type: 'Opaque', labels: { app: 'web' } },
  ])
  t.strictSame(azure, { clientId: someone })
  t.strictSame(config.files, [
    {
      to: { kind: 'key', secret: 'web-tls' },
      object: { vault: 'team-a', type: 'tls', name: 'web' },
    },
    {
      to: { kind: 'key', secret: 'db', key: 'password' },
      object: { vault: 'team-a', type: 'secret', name: 'db-password' },
    },
    {
      to: { kind: 'key', secret: 'db', key: 'url' },
      object: { vault: 'team-a', type: 'secret', name: 'db' },
      property: 'connection.url',
    },
  ])
  t.match(config, {
    refreshSeconds: 300,
    onDeleted: 'keep',
    templates: { length: 0 },
    env: { length: 0 },
  })
})

t.test(
  'an account without annotations has no request, and one that is turned off is left alone',
  async (t) => {
    t.strictSame(read({}), { kind: 'none' })
    t.strictSame(read({ 'azure.workload.identity/client-id': 'x' }), { kind: 'none' })
    t.strictSame(read({ vault: 'team-a' }), { kind: 'none' })
    t.strictSame(read({ inject: 'False', sync: 'whatever', snyc: '' }), { kind: 'off' })
  },
)

t.test(
  'any text in sync-now starts a round, and our own status annotation isn’t a mistake',
  async (t) => {
    const sync = '- { secret: db, data: x }'
    const plain = read({ vault: 'team-a', sync })
    for (const text of ['', '1', '2026-11-26T03:00', 'please!'])
      t.strictSame(read({ vault: 'team-a', sync, 'sync-now': text }), plain)
    t.strictSame(read({ vault: 'team-a', sync, 'sync-status': 'db: ready' }), plain)
    t.strictSame(read({ 'sync-status': 'db: ready' }), { kind: 'none' })
  },
)

t.test('the other annotations mean the same as on a pod', async (t) => {
  const { config, azure } = desired('- { secret: db, data: x }', {
    'client-id': someone.toUpperCase(),
    'on-deleted': 'remove',
    'azure.workload.identity/client-id': 'not looked at',
    'azure.workload.identity/tenant-id': someone,
  })
  t.match(config, { refreshSeconds: 3600, onDeleted: 'remove', identity: { clientId: someone } })
  t.strictSame(azure, { tenantId: someone })
  t.match(
    read(
      { sync: '- { secret: db, data: x }' },
      { defaultVault: 'team-b', defaultTenantId: someone },
    ),
    {
      config: {
        files: [{ object: { vault: 'team-b' } }],
        identity: { defaultTenantId: someone },
      },
    },
  )
})

t.test('an unknown or misplaced annotation is refused, so that a typo loses nothing', async (t) => {
  for (const [key, sentence] of [
    ['secrets', /^belongs on a pod; a ServiceAccount has sync, inject, vault, refresh/],
    ['template.a', /^belongs on a pod/],
    ['mount-path', /^belongs on a pod/],
    ['log-level', /^belongs on a pod/],
    ['timeout', /^belongs on a pod/],
    ['adopt', /^belongs on a Secret/],
    ['synced', /^belongs on a Secret/],
    ['sync-nwo', /did you mean akv-injector.io\/sync-now\?/],
    ['snyc', 'unknown annotation; did you mean akv-injector.io/sync?'],
  ] as const)
    t.match(read({ [key]: 'x' }), {
      kind: 'refused',
      problems: [{ path: annotationPath(`akv-injector.io/${key}`), sentence }],
    })
})

t.test('all invalid values are refused at once', async (t) => {
  t.match(
    read({
      vault: 'a.b',
      refresh: '10s',
      'tenant-id': 'x',
      sync: '- { secret: db, data: "x, team-a:y/z" }',
      'azure.workload.identity/client-id': 'web',
    }),
    {
      problems: [
        { path: annotationPath('akv-injector.io/vault'), found: 'a.b' },
        { path: annotationPath('akv-injector.io/refresh'), sentence: /^expected at least 30s/ },
        { path: annotationPath('akv-injector.io/tenant-id') },
        {
          path: annotationPath('akv-injector.io/sync'),
          sentence: /^item 1, Secret db: data, entry "team-a:y\/z"/,
        },
        {
          path: annotationPath('azure.workload.identity/client-id'),
          found: 'web',
          sentence: /UUID/,
        },
      ],
    },
  )
  t.match(read({ vault: 'team-a', refresh: '0', sync: '- { secret: db, data: x }' }), {
    problems: [{ path: annotationPath('akv-injector.io/refresh') }],
  })
  const list = { 'akv-injector.io/sync': '', 'azure.workload.identity/client-id': { toString: 1 } }
  t.match(readAccount({ namespace: 'shop', name: 'web', annotations: list }, policy), {
    problems: [
      { path: annotationPath('akv-injector.io/sync') },
      { path: annotationPath('azure.workload.identity/client-id'), found: '{…}' },
    ],
  })
  const numbers = { 'akv-injector.io/sync': 7 }
  t.match(readAccount({ namespace: 'shop', name: 'web', annotations: numbers }, policy), {
    problems: [
      {
        path: annotationPath('akv-injector.io/sync'),
        sentence: /must be a string; quote the value/,
      },
    ],
  })
  t.match(read({ vault: 'team-a', sync: '- { secret: db, data: x }' }, { name: 'a'.repeat(236) }), {
    problems: [{ path: ['metadata', 'name'], sentence: /235 characters at most/ }],
  })
})

t.test('the administrator’s list of vaults applies by namespace', async (t) => {
  const allowedVaults = new Map([['shop', new Set(['team-a'])]])
  t.match(read({ sync: '- { secret: db, data: "team-b:x" }' }, { allowedVaults }), {
    problems: [{ subject: 'the vaults', found: 'team-b', sentence: /namespace "shop"/ }],
  })
})

t.test('entries give one key or several', async (t) => {
  const { config } = desired(`
- { secret: a, data: "x, .y=b-c?, Z_1=key/k, pin=c@0123456789abcdef0123456789abcdef, raw=d|base64" }
- { secret: b, data: "app#*" }
- { secret: c, data: ".=tls/web, extra=x" }
- secret: d
  objects: |
    array:
      - |
        objectName: web
        objectAlias: web.pem
        objectType: secret
- secret: e
  data: x
  objects:
    - { objectName: y, objectType: secret, objectEncoding: base64, filePermission: 0600 }
`)
  t.match(
    config.files.map(({ to }) => destinationKey(to)),
    ['a/x', 'a/.y', 'a/Z_1', 'a/pin', 'a/raw', 'b', 'c', 'c/extra', 'd/web.pem', 'e/x', 'e/y'],
  )
  t.match(config.files[5], { property: '*' })
  t.strictSame(config.files[8], {
    to: { kind: 'key', secret: 'd', key: 'web.pem' },
    object: { vault: 'team-a', type: 'secret', name: 'web' },
    format: 'pem',
  })
  t.strictSame(config.files[10], {
    to: { kind: 'key', secret: 'e', key: 'y' },
    object: { vault: 'team-a', type: 'secret', name: 'y' },
    format: 'pem',
    encoding: 'base64',
  })
})

t.test('anything but a list of Secrets is refused', async (t) => {
  for (const [sync, sentence] of [
    ['', /^expected a list of Secrets/],
    ['db', /^expected a list of Secrets/],
    ['secret: db', /^expected a list of Secrets/],
    ['[]', /^lists no Secret; .*existing Secrets are kept; .*remove the annotation/],
    ['- db', /^item 1: expected a Secret: "secret: NAME"/],
    ['- [a]', /^item 1: expected a Secret/],
    ['- a: 1\n b', /this isn't valid YAML: line \d/],
    ['- &a {}\n- *a', /aliases/],
    ['- secret: db\n  secret: db', /this isn't valid YAML.*unique/],
    ['- {}', /^item 1: secret: is missing; name the Secret/],
    ['- { secret: , data: x }', /^item 1: secret: expected/],
  ] as const)
    t.match(refusals(sync)[0], sentence, sync)
})

t.test('each member of an item follows Kubernetes’ rules', async (t) => {
  for (const [item, sentence] of [
    [
      'secret: DB, data: x',
      'item 1: secret "DB": expected the name of a Secret: at most 253 lower case',
    ],
    ['secret: ../db, data: x', /expected the name of a Secret/],
    [`secret: ${'a'.repeat(254)}, data: x`, /expected the name of a Secret/],
    ['secret: akv-injector-sync-web, data: x', /uses such names for its records/],
    ['secret: db, data: x, type: ""', /type "": expected the type of a Secret/],
    ['secret: db, data: x, type: [a]', 'type: expected the type of a Secret'],
    [
      'secret: db, data: x, type: kubernetes.io/service-account-token',
      'is refused: Kubernetes itself',
    ],
    [
      'secret: db, data: x, type: bootstrap.kubernetes.io/token',
      'is refused: a Secret of this type lets',
    ],
    ['secret: db, data: x, type: helm.sh/release.v1', 'is refused: Helm applies what'],
    ['secret: db, data: x, type: akv-injector.io/sync-record', /uses such types for its records/],
    ['secret: db, data: x, labels: [a]', 'labels: expected names and values'],
    ['secret: db, data: x, annotations: [a]', 'annotations: expected names and values'],
    [
      'secret: db, data: x, annotations: { akv-injector.io/adopt: "true" }',
      'annotation akv-injector.io/adopt: the controller sets this annotation itself; remove it',
    ],
    ['secret: db, data: x, annotations: { a: [b] }', 'annotation a: expected a string'],
    [
      `secret: db, data: x, annotations: { a: ${'x'.repeat(16385)} }`,
      'annotations: found 16385 characters; accepted: at most 16384',
    ],
    ['secret: db, data: x, labels: { app: [a] }', 'label app: expected a string'],
    ['secret: db, data: x, labels: { a/b/c: d }', 'label a/b/c: expected NAME or DOMAIN/NAME'],
    ['secret: db, data: x, labels: { -a: d }', /expected NAME or DOMAIN\/NAME/],
    ['secret: db, data: x, labels: { UP.example/a: d }', /expected NAME or DOMAIN\/NAME/],
    ['secret: db, data: x, labels: { __proto__: d }', /label __proto__: expected NAME/],
    [
      `secret: db, data: x, labels: { a: ${'b'.repeat(64)} }`,
      /label a: expected a string of at most 63/,
    ],
    [
      'secret: db, data: x, labels: { app.kubernetes.io/managed-by: Helm }',
      /the controller sets this label itself/,
    ],
    [
      'secret: db, data: x, labels: { akv-injector.io/x: a }',
      /the controller sets this label itself/,
    ],
    [
      'secret: db, data: x, labels: { x.akv-injector.io/x: a }',
      /the controller sets this label itself/,
    ],
    ['secret: db, data: x, lables: {}', 'unknown field lables; did you mean labels?'],
    ['secret: db, data: x, __proto__: {}', /unknown field __proto__/],
    ['secret: db, data: x, constructor: {}', /unknown field constructor/],
    ['secret: db', 'lists no keys'],
    ['secret: db, data: ""', 'lists no keys'],
    ['secret: db, data: [x]', 'data: expected a string such as'],
    ['secret: db, data: { password: x }', 'data: expected a string such as'],
    ['secret: db, objects: x', 'objects, expected the "array:"'],
    ['secret: db, objects: [{ objectName: x }]', 'objects, item 1, objectType is missing'],
  ] as const) {
    const [first = '', ...others] = refusals(`- { ${item} }`)
    t.match(first, sentence, item)
    t.strictSame(others, [], item)
  }
})

t.test('an invalid key is refused in the terms of Secrets', async (t) => {
  for (const [data, sentence] of [
    ['conf/app=x', 'entry "conf/app=x": a key of a Secret must not contain "/"'],
    ['a b=x', 'entry "a b=x": a key is 1 to 253 letters'],
    ['=x', 'entry "=x": a key is 1 to 253 letters'],
    ['..=x', 'a key must not be "." or begin with ".."'],
    ['.=x', 'a key must not be "." or begin with ".."'],
    ['..data=x', 'a key must not be "." or begin with ".."'],
    ['__proto__=x', /not every program can read/],
    [`${'k'.repeat(254)}=x`, 'a key is 1 to 253 letters'],
    ['web=tls/web', '"tls/" gives the keys tls.crt, tls.key and ca.crt: write it without a target'],
    ['conf/=app#*', '"#*" makes a key of each property: write it without a target'],
    ['x=a, x=b', 'two entries write the key "x"; give one of them another key: KEY=OBJECT'],
    ['tls/web, tls.key=x', 'two entries write the key "tls.key"'],
    ['app#*, x', '"#*" gives all keys of its Secret: no other entry can stand beside it'],
    ['x, app#*, other#*', '"#*" gives all keys of its Secret'],
    ['https://team-a.vault.azure.net/secrets/x', 'expected the name of an object, found a URL'],
  ] as const) {
    const [first = '', ...others] = refusals(`- { secret: db, data: "${data}" }`)
    t.match(first, sentence, data)
    t.match(first, 'item 1, Secret db: ')
    t.strictSame(others, [], data)
  }
  const history = '{ objectName: x, objectType: secret, objectVersionHistory: 3 }'
  t.match(refusals(`- { secret: db, objects: [${history}] }`), [
    /objects, item 1, "x": a history \(objectVersionHistory\) is a folder of files, and a Secret cannot have folders/,
  ])
  t.match(
    refusals('- { secret: db, objects: [{ objectName: x, objectType: key, objectAlias: a/b }] }'),
    [/objects, item 1, "a\/b": a key of a Secret must not contain/],
  )
})

t.test('the keys that a type needs must be named and can’t be optional', async (t) => {
  for (const [type, data, sentence] of [
    [
      'kubernetes.io/tls',
      'tls.crt=cert/web',
      'type kubernetes.io/tls needs the key tls.key, but no entry writes it',
    ],
    ['kubernetes.io/tls', 'tls/web?', 'needs the key tls.crt: remove the "?" from its entry'],
    ['kubernetes.io/dockerconfigjson', 'registry', 'needs the key .dockerconfigjson'],
    ['kubernetes.io/dockercfg', 'registry', 'needs the key .dockercfg'],
    ['kubernetes.io/basic-auth', 'user=x', 'needs the key username or password'],
    [
      'kubernetes.io/basic-auth',
      'username=x?',
      'needs the key username or password: remove the "?"',
    ],
    ['kubernetes.io/ssh-auth', 'key=x', 'needs the key ssh-privatekey'],
  ] as const)
    t.match(refusals(`- { secret: db, type: ${type}, data: "${data}" }`)[0], sentence)
  for (const [type, data] of [
    ['kubernetes.io/tls', 'tls/web'],
    ['kubernetes.io/tls', 'tls.crt=cert/web, tls.key=web-key'],
    ['kubernetes.io/tls', 'app#*'],
    ['kubernetes.io/basic-auth', 'username=x?, password=y'],
    ['kubernetes.io/dockerconfigjson', '.dockerconfigjson=registry'],
    ['example.com/of-somebody', 'x?'],
    ['Opaque', 'x?'],
  ] as const)
    t.strictSame(refusals(`- { secret: db, type: ${type}, data: "${data}" }`), [])
})

t.test('a Secret that is named twice is refused once', async (t) => {
  t.strictSame(
    refusals('- { secret: db, data: x }\n- { secret: a, data: x }\n- { secret: db, data: y }'),
    ['item 3, Secret db: item 1 already lists this Secret; merge the two items'],
  )
})

t.test('hostile lists are refused cheaply', async (t) => {
  const bomb = `a: &a [x,x]\n${'b: &b [*a,*a,*a]\n'.repeat(9)}`
  for (const sync of [
    bomb,
    '- { secret: db, data: x }\n'.repeat(10_000),
    `- { secret: db, data: "${'x,'.repeat(10_000)}" }`,
    `- secret: db\n  labels:\n${Array.from({ length: 900 }, (_, i) => `    a${i}: b\n`).join('')}`,
    '['.repeat(5_000),
    '- '.repeat(30_000),
    `- { secret: ${'a.'.repeat(30_000)} }`,
    `- { secret: db, data: "${'x\\n'.repeat(10_000)}" }`,
    'x'.repeat(300_000),
  ]) {
    const { value, steps } = countSteps(() => read({ vault: 'team-a', sync }))
    t.equal(value.kind, 'refused', sync.slice(0, 40))
    t.ok(steps <= 5_000 + 300 * sync.length, `${steps} steps for ${sync.length} characters`)
  }
  const wide = Array.from({ length: 501 }, (_, i) => `k${i}=x`).join(', ')
  t.match(refusals(`- { secret: db, data: "${wide}" }`), [
    /found 501 entries; accepted: at most 500 for one Secret/,
  ])
})

t.test('the total of an account’s Secrets is bounded', async (t) => {
  const secrets = (count: number, data: string) =>
    Array.from({ length: count }, (_, i) => `- { secret: s${i}, data: "${data}" }`).join('\n')
  const keys = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=x`).join(',')
  t.equal(desired(secrets(2, keys(500))).config.files.length, 1000)
  t.strictSame(refusals(`${secrets(2, keys(500))}\n- { secret: one, data: more }`), [
    'found 1001 entries; accepted: at most 1000 for one account',
  ])
  t.equal(desired(secrets(50, 'x#*')).secrets.length, 50)
  t.strictSame(refusals(secrets(51, 'x#*')), [
    'found 51 entries with "#*" or "find:"; accepted: at most 50 for one account',
  ])
})

t.test('some of thousands of mistakes are reported, with the number of the others', async (t) => {
  const fields = Array.from({ length: 2_900 }, (_, i) => `  k${i}: x\n`).join('')
  t.equal(refusals(`- secret: db\n  data: x\n${fields}`).length, 5)
  const told = refusals('- { secret: db }\n'.repeat(500))
  t.equal(told.length, 51)
  t.match(told.at(-1), /^and \d+ more mistakes$/)
})

t.test('any annotations get an answer, and none can name a host', async () => {
  const vocabulary = fc.constantFrom(
    ...[
      '- ',
      'secret: ',
      'data: ',
      'labels: ',
      'objects: ',
      'type: ',
      'db',
      'tls/x',
      '#*',
      '\n',
      '  ',
    ],
    ...[
      '{',
      '}',
      '[',
      ']',
      ', ',
      '"',
      '=',
      '@',
      '|base64',
      '?',
      '&a',
      '*a',
      '!!x',
      '__proto__: ',
      ': ',
    ],
  )
  const text = fc.oneof(
    fc.array(vocabulary, { maxLength: 40 }).map((parts) => parts.join('')),
    fc.string({ unit: anyCharacter }),
  )
  const hosts = new Set(['login.microsoftonline.com', '{vault}.vault.azure.net', 'vault.azure.net'])
  fc.assert(
    fc.property(text, fc.dictionary(fc.string(), text), (sync, others) => {
      const request = read({ vault: 'team-a', ...others, sync })
      const found = JSON.stringify(request).matchAll(/https:\/\/([^/"]*)/g)
      return request.kind !== 'wanted' || [...found].every(([, host = '']) => hosts.has(host))
    }),
    runs,
  )
})

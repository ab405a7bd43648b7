import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { describeProblem } from '../../../lib/problems/problem.ts'
import {
  claimedName,
  readExternalSecret,
} from '../../../requests/external-secret/read-external-secret.ts'
import { readStore } from '../../../requests/external-secret/read-store.ts'
import type { FindStore } from '../../../requests/external-secret/resolve-items.ts'
import { policy } from '../../webhook/core/policy.ts'

const namespace = 'shop'
const azurekv = (more: object = {}) => ({
  provider: { azurekv: { vaultUrl: 'https://team-a.vault.azure.net', ...more } },
})
const stores: Readonly<Record<string, unknown>> = {
  'SecretStore kv': azurekv(),
  'SecretStore other': azurekv({ vaultUrl: 'https://team-b.vault.azure.net/' }),
  'ClusterSecretStore all': azurekv({ authType: 'ManagedIdentity' }),
  'SecretStore aws': { provider: { aws: {} } },
  'SecretStore theirs': { ...azurekv(), controller: 'blue' },
}
const findStore: FindStore = ({ kind, name }) => {
  const spec = stores[`${kind} ${name}`]
  return spec === undefined ? undefined : readStore(spec, { kind, namespace, policy })
}
const read = (spec: unknown, changes: Partial<typeof policy> = {}) =>
  readExternalSecret(spec, {
    name: 'db',
    namespace,
    policy: { ...policy, ...changes },
    findStore,
  })

const secretStoreRef = { name: 'kv' }
const ref = (more: object = {}, secretKey = 'password') => ({
  secretKey,
  remoteRef: { key: 'db-password', ...more },
})
const spec = (more: object = {}) => ({ secretStoreRef, data: [ref()], ...more })
const problemsOf = (more: object) => read(spec(more)).problems.map(describeProblem)

t.test('the defaults are those of the operator', async (t) => {
  const found = read(spec())
  t.strictSame(found.problems, [])
  t.strictSame(found.secret.labels, {})
  t.match(found, {
    secret: {
      name: 'db',
      type: 'Opaque',
      composition: { inputs: [{ kind: 'key', index: 0, key: 'password', decoding: 'None' }] },
    },
    values: [
      {
        to: { kind: 'input', secret: 'db', index: 0 },
        object: { vault: 'team-a', type: 'secret', name: 'db-password' },
      },
    ],
    schedule: { intervalSeconds: 3600 },
  })
})

t.test('defaults that are written down are accepted', async (t) => {
  const target = {
    name: 'other',
    creationPolicy: 'Owner',
    deletionPolicy: 'Retain',
    immutable: false,
    template: { engineVersion: 'v2', mergePolicy: 'Replace' },
  }
  const remote = {
    conversionStrategy: 'Default',
    decodingStrategy: 'None',
    metadataPolicy: 'None',
    nullBytePolicy: 'Ignore',
  }
  const found = read({
    secretStoreRef: { name: 'kv', kind: 'SecretStore' },
    refreshPolicy: 'Periodic',
    refreshInterval: '1h0m0s',
    target,
    data: [ref(remote)],
  })
  t.strictSame(found.problems, [])
  t.equal(found.secret.name, 'other')
})

t.test('names choose the kind of object, and versions are pinned', async (t) => {
  const version = '0123456789ABCDEF0123456789abcdef'
  const found = read(
    spec({
      data: [
        ref({ key: 'secret/a', version }, 'a'),
        ref({ key: 'key/b' }, 'b'),
        ref({ key: 'cert/c' }, 'c'),
        ref({ key: 'd', property: 'x.0.y-z' }, 'd'),
      ],
    }),
  )
  t.strictSame(found.problems, [])
  t.match(found.values, [
    { object: { type: 'secret', name: 'a', version: version.toLowerCase() } },
    { object: { type: 'key', name: 'b' }, format: 'jwk' },
    { object: { type: 'cert', name: 'c' }, format: 'der' },
    { object: { type: 'secret', name: 'd' }, property: 'x.0.y-z' },
  ])
})

t.test('data comes after dataFrom, as it wins in the operator', async (t) => {
  const found = read(spec({ dataFrom: [{ extract: { key: 'all', decodingStrategy: 'Auto' } }] }))
  t.strictSame(found.problems, [])
  t.match(found.values, [{ to: { index: 0 }, property: '*' }, { to: { index: 1 } }])
  t.match(found.secret.composition?.inputs, [
    { kind: 'all', index: 0, decoding: 'Auto' },
    { kind: 'key', index: 1, key: 'password' },
  ])
})

t.test('an extract may rewrite its keys, convert them, and refuse zero bytes', async (t) => {
  const policies = { conversionStrategy: 'Unicode', nullBytePolicy: 'Fail' }
  const rewrite = [{ regexp: { source: 'a', target: 'b' } }]
  const dataFrom = [
    { extract: { key: 'all', ...policies }, rewrite },
    { extract: { key: 'all' }, rewrite: [] },
  ]
  const found = read(spec({ dataFrom, data: [ref(policies)] }))
  t.strictSame(found.problems, [])
  const checked = { decoding: 'None', refusesNullBytes: true } as const
  t.strictSame(found.secret.composition?.inputs, [
    {
      ...{ kind: 'all', index: 0, ...checked, conversion: 'Unicode' },
      rewrite: [{ kind: 'regexp', source: 'a', target: 'b' }],
    },
    { kind: 'all', index: 1, decoding: 'None' },
    // A key is used as it is written.
    { kind: 'key', index: 2, ...checked, key: 'password' },
  ])
})

t.test('tags may be read of objects of all types, and an extract of a part', async (t) => {
  const tags = { metadataPolicy: 'Fetch' }
  const found = read(
    spec({
      dataFrom: [
        { extract: { key: 'a', property: 'b.c' } },
        { extract: { key: 'a', ...tags } },
        { extract: { key: 'a', ...tags, property: 'team' } },
      ],
      data: [
        ref({ key: 'cert/c', ...tags, property: 'team' }, 'c'),
        ref({ key: 'key/d', ...tags }, 'd'),
      ],
    }),
  )
  t.strictSame(found.problems, [])
  t.strictSame(
    found.values.map(({ to: _, object, ...wanted }) => [object.type, wanted]),
    [
      ['secret', { property: '*', within: 'b.c' }],
      ['secret', { property: '*', format: 'tags' }],
      ['secret', { property: '*', within: 'team', format: 'tags' }],
      ['cert', { property: 'team', propertyLookup: 'gjson', format: 'tags' }],
      ['key', { format: 'tags' }],
    ],
  )
})

t.test('an item may name a store of its own', async (t) => {
  const sourceRef = { storeRef: { name: 'other' } }
  const found = read(spec({ data: [ref(), { ...ref({}, 'b'), sourceRef }] }))
  t.strictSame(found.problems, [])
  t.strictSame(
    found.values.map(({ object }) => object.vault),
    ['team-a', 'team-b'],
  )
  t.match(found.stores, [{ kind: 'SecretStore', name: 'kv' }, { name: 'other' }])
})

t.test('a template gives type, metadata and keys', async (t) => {
  const target = {
    template: {
      type: 'kubernetes.io/dockerconfigjson',
      metadata: { labels: { app: 'web' }, annotations: { note: 'text' } },
      mergePolicy: 'Merge',
      data: { '.dockerconfigjson': '{{ .password }}' },
    },
  }
  const found = read(spec({ target }))
  t.strictSame(found.problems, [])
  t.match(found.secret, {
    type: 'kubernetes.io/dockerconfigjson',
    labels: { app: 'web' },
    annotations: { note: 'text' },
    composition: { template: { keepsInputs: true } },
  })
  t.strictSame([...(found.secret.composition?.template?.data.keys() ?? [])], ['.dockerconfigjson'])
})

/** What isn't supported: the sentence names the path, and what to do. */
const sentences: readonly (readonly [object, string | RegExp])[] = [
  [{ refreshInterval: '1d' }, /^spec\.refreshInterval "1d": expected a duration such as "1h"/],
  [{ refreshInterval: '8785h' }, /^spec\.refreshInterval "8785h": expected at most 8784h/],
  [
    { refreshPolicy: 'Never' },
    'spec.refreshPolicy "Never": is not supported here; accepted: Periodic, CreatedOnce, OnChange',
  ],
  [{ syncWindows: [] }, /^spec\.syncWindows: expected an object/],
  [
    { syncWindows: { kind: 'allow', windows: [{ schedule: '61 * * * *', duration: '1h' }] } },
    /^spec\.syncWindows\.windows\[0\]\.schedule "61 \* \* \* \*": "61" isn't a valid minute; accepted: /,
  ],
  [
    { syncWindows: { kind: 'deny', windows: Array(21).fill({}) } },
    /^spec\.syncWindows\.windows: found 21 items; accepted: at most 20$/,
  ],
  [{ dta: [] }, 'spec.dta is not supported here; did you mean data?'],
  [
    { target: { creationPolicy: 'Merge' } },
    /^spec\.target\.creationPolicy "Merge": is not supported here; accepted: Owner\. /,
  ],
  [
    { target: { deletionPolicy: 'Keep' } },
    'spec.target.deletionPolicy "Keep": is not supported here; accepted: Retain, Merge, Delete',
  ],
  [{ target: { immutable: true } }, /^spec\.target\.immutable "true": is not supported/],
  [{ target: { manifest: {} } }, /^spec\.target\.manifest is not supported here; only Secrets/],
  [
    { target: { name: 'Not_Valid' } },
    /^spec\.target\.name "Not_Valid": expected the name of a Secret/,
  ],
  [
    { target: { template: { engineVersion: 'v1' } } },
    /^spec\.target\.template\.engineVersion "v1": is not/,
  ],
  [
    { target: { template: { templateFrom: [] } } },
    /^spec\.target\.template\.templateFrom is not supported/,
  ],
  [
    { target: { template: { type: 'kubernetes.io/service-account-token' } } },
    /^spec\.target\.template\.type ".*": is refused/,
  ],
  [
    { target: { template: { metadata: { finalizers: ['x'] } } } },
    /^spec\.target\.template\.metadata\.finalizers is/,
  ],
  [
    { target: { template: { metadata: { labels: { a: '{{ .password }}' } } } } },
    'spec.target.template.metadata.labels: a template is not supported here; write plain text, because a value in metadata is not secret',
  ],
  [
    { target: { template: { data: { 'a/b': '' } } } },
    /^spec\.target\.template\.data "a\/b": a key of a Secret must not/,
  ],
  [
    { target: { template: { data: { a: '{{ range . }}{{ end }}' } } } },
    /^spec\.target\.template\.data\.a: \{\{ range \}\} is not supported; accepted/,
  ],
  [
    { target: { template: { type: 'kubernetes.io/tls' } } },
    /^spec\.target\.template\.type kubernetes\.io\/tls needs the key tls\.crt, but nothing gives it$/,
  ],
  [
    { data: [ref({ key: 'tag/x' })] },
    /^spec\.data\[0\]\.remoteRef\.key "tag\/x": expected NAME, secret\/NAME/,
  ],
  [
    { data: [ref({ version: 'latest' })] },
    /^spec\.data\[0\]\.remoteRef\.version "latest": expected the version/,
  ],
  [
    { data: [ref({ property: 'a.#(b=="c")' })] },
    /^spec\.data\[0\]\.remoteRef\.property ".*": is not supported here/,
  ],
  [
    { data: [ref({ key: 'cert/x', property: 'a' })] },
    'spec.data[0].remoteRef: cert/ has no properties; name a secret here',
  ],
  [
    { data: [ref({ metadataPolicy: 'All' })] },
    /metadataPolicy "All": is not supported here; accepted: None, Fetch/,
  ],
  [
    { dataFrom: [{ extract: { key: 'cert/a', metadataPolicy: 'Fetch' } }] },
    /^spec\.dataFrom\[0\]\.extract: cert\/ has no properties/,
  ],
  [
    { dataFrom: [{ extract: { key: 'a', property: 'b.#' } }] },
    /^spec\.dataFrom\[0\]\.extract\.property "b\.#": is not supported here; accepted: names/,
  ],
  [
    { data: [ref({ conversionStrategy: 'Hex' })] },
    /conversionStrategy "Hex": is not supported here; accepted: Default, Unicode/,
  ],
  [
    { data: [ref({ nullBytePolicy: 'Drop' })] },
    /nullBytePolicy "Drop": is not supported here; accepted: Ignore, Fail/,
  ],
  [
    { data: [ref({ decodingStrategy: 'Hex' })] },
    /decodingStrategy "Hex": is not supported here; accepted: None, Base64/,
  ],
  [
    { data: [ref({}, 'a/b')] },
    /^spec\.data\[0\]\.secretKey "a\/b": a key of a Secret must not contain/,
  ],
  [{ data: [{ remoteRef: { key: 'a' } }] }, 'spec.data[0].secretKey is missing'],
  [{ data: [{ secretKey: 'a' }] }, 'spec.data[0].remoteRef is missing'],
  [{ data: 'x' }, 'spec.data "x": expected a list'],
  [{ data: [] }, /^spec\.data and spec\.dataFrom are missing/],
  [
    { dataFrom: [{ find: { name: { regexp: '(' } } }] },
    /^spec\.dataFrom\[0\]\.find\.name\.regexp "\(": expected a regular expression of Go/,
  ],
  [
    { dataFrom: [{ find: { name: { regexp: '(?=a)' } } }] },
    /^spec\.dataFrom\[0\]\.find\.name\.regexp "\(\?=a\)": expected a regular expression of Go/,
  ],
  [
    { dataFrom: [{ find: { name: { regexp: 'a{63}{63}{63}' } } }] },
    /find\.name\.regexp "a\{63\}\{63\}\{63\}": expected a regular expression of Go with at most 4096/,
  ],
  [
    {
      dataFrom: Array.from({ length: 3 }, () => ({ find: { name: { regexp: 'a'.repeat(200) } } })),
    },
    /^spec\.dataFrom\[2\]\.find\.name\.regexp: the expressions of an ExternalSecret may have 512/,
  ],
  [
    { dataFrom: [{ find: { tags: { a: 1 } } }] },
    'spec.dataFrom[0].find.tags.a "1": expected a string',
  ],
  [
    {
      dataFrom: [
        { find: { tags: Object.fromEntries(Array.from({ length: 16 }, (_, i) => [i, ''])) } },
      ],
    },
    'spec.dataFrom[0].find.tags: found 16 tags; accepted: at most 15',
  ],
  [
    { dataFrom: [{ find: { nullBytePolicy: 'Drop' } }] },
    /find\.nullBytePolicy "Drop": is not supported here; accepted: Ignore, Fail/,
  ],
  [
    { dataFrom: [{ find: {}, extract: { key: 'a' } }] },
    'spec.dataFrom[0] has both extract and find; write two items',
  ],
  [{ dataFrom: [{}] }, 'spec.dataFrom[0].extract is missing'],
  [
    { dataFrom: [{ extract: { key: 'a' }, rewrite: [{ regexp: { source: '(', target: '' } }] }] },
    /^spec\.dataFrom\[0\]\.rewrite\[0\]\.regexp\.source "\(": expected a regular expression of/,
  ],
  [
    { dataFrom: [{ sourceRef: { generatorRef: {} } }] },
    /generatorRef is not supported here; values come from/,
  ],
  [
    { dataFrom: [{ extract: { key: 'key/a' } }] },
    /^spec\.dataFrom\[0\]\.extract: key\/ has no properties/,
  ],
  [
    { dataFrom: [{ extract: { key: 'a' }, select: [] }] },
    'spec.dataFrom[0].select is not supported here; write each key into data',
  ],
  [
    { data: [{ secretKey: 'a', remoteRef: { key: 'a', emptyResultPolicy: 'Ignore' } }] },
    /^spec\.data\[0\]\.remoteRef\.emptyResultPolicy "Ignore": is not supported here; accepted: Fail/,
  ],
  [
    { dataFrom: [{ extract: { key: 'a', emptyResultPolicy: 'Ignore' } }] },
    /emptyResultPolicy "Ignore": is not supported here; accepted: Fail\. Each object/,
  ],
  [
    { target: { template: { data: { url: '{{ if .a }}{{ end }}' } } } },
    'spec.target.template.data.url: no item of spec.data has the secretKey "a"',
  ],
  [{ secretStoreRef: {} }, 'spec.secretStoreRef.name is missing'],
  [
    { secretStoreRef: { name: 'kv', kind: 'Store' } },
    /^spec\.secretStoreRef\.kind "Store": is not supported/,
  ],
  [{ secretStoreRef: { name: 'none' } }, 'SecretStore none does not exist; apply it'],
  [
    { secretStoreRef: { name: 'aws' } },
    /^SecretStore aws: spec\.provider is not azurekv; only Key Vault is read here, so leave/,
  ],
  [
    { secretStoreRef: { name: 'theirs' } },
    /^SecretStore theirs: spec\.controller names another controller/,
  ],
  [{ secretStoreRef: undefined }, 'spec.data[0] names no store; set spec.secretStoreRef'],
]

for (const [more, sentence] of sentences)
  t.test(`refuses ${JSON.stringify(more)}`, async (t) => {
    const problems = problemsOf(more)
    t.ok(
      problems.some((problem) =>
        typeof sentence === 'string' ? problem === sentence : sentence.test(problem),
      ),
      problems.join('\n'),
    )
  })

t.test('the administrator decides which vaults a namespace may use', async (t) => {
  const allowedVaults = new Map([['shop', new Set(['team-b'])]])
  t.match(read(spec(), { allowedVaults }).problems.map(describeProblem), [
    /^SecretStore kv: vault "team-a": the administrator/,
  ])
})

t.test('any JSON gets an answer, and few problems', async (t) => {
  const hostile = [null, 1, 'x', [], {}, { data: { length: 1 } }, { data: Array(501).fill({}) }]
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x${i}`, i]))
  for (const value of [...hostile, many, { constructor: 1, ['__proto__']: 2 }]) {
    const { problems } = read(value)
    t.ok(problems.length > 0 && problems.length <= 20, JSON.stringify(value)?.slice(0, 80))
  }
})

t.test('the name that it claims is known whatever else is wrong', async (t) => {
  t.equal(claimedName({ target: { name: 'app' }, data: 5 }, 'db'), 'app')
  t.equal(claimedName({ target: { name: 5 } }, 'db'), 'db')
  t.equal(claimedName(undefined, 'db'), 'db')
})

t.test('the manifest that users of the operator start from is read as it stands', async (t) => {
  const text = readFileSync(join(import.meta.dirname, '../../fixtures/eso/first.yaml'), 'utf8')
  const [, externalSecret] = text.split('---\n').map((document) => parse(document))
  const found = readExternalSecret(externalSecret.spec, {
    name: 'my-external-secret',
    namespace,
    policy,
    findStore: () => ({ kind: 'read', store: { vault: 'kv', unused: [], problems: [] } }),
  })
  t.strictSame(found.problems, [])
  t.equal(found.secret.name, 'my-k8s-secret')
})

t.test('a find is a search in the vault of its store', async (t) => {
  const dataFrom = [
    { find: { name: { regexp: '^a' }, tags: { b: 'c' }, path: '/' } },
    { find: {}, sourceRef: { storeRef: { name: 'other' } } },
  ]
  const { finds, notes, secret, problems } = read({ secretStoreRef, dataFrom })
  t.strictSame(problems, [])
  t.strictSame(finds, [
    {
      to: { kind: 'input', secret: 'db', index: 0 },
      vault: 'team-a',
      criteria: { tags: { b: 'c' }, expression: '^a' },
    },
    { to: { kind: 'input', secret: 'db', index: 1 }, vault: 'team-b', criteria: { tags: {} } },
  ])
  t.match(notes, [/^spec\.dataFrom\[0\]\.find\.path has no effect/])
  t.match(secret.composition?.inputs, [
    { kind: 'all', isFind: true },
    { kind: 'all', isFind: true },
  ])
})

t.test('when values are fetched, and what becomes of deleted objects', (t) => {
  const of = (more: object) => read(spec(more))
  t.strictSame(of({}).schedule, { policy: 'Periodic', intervalSeconds: 3600 })
  t.strictSame(of({ refreshInterval: '1.5h' }).schedule.intervalSeconds, 5400)
  for (const refreshInterval of ['0', '0s', '-5m'])
    t.strictSame(of({ refreshInterval }).schedule, { policy: 'Periodic', intervalSeconds: 0 })
  const often = of({ refreshInterval: '10s' })
  t.strictSame(often.schedule, { policy: 'Periodic', intervalSeconds: 30 })
  t.strictSame(often.notes, [
    'spec.refreshInterval 10s is below the minimum, so values are fetched every 30 s',
  ])
  const windows = [{ schedule: '@daily', duration: '8h' }]
  t.match(of({ syncWindows: { kind: 'deny', windows } }).schedule.windows, {
    kind: 'deny',
    windows: [{ lastsMs: 8 * 3_600_000 }],
  })
  t.equal(of({ syncWindows: { kind: 'allow', windows: [] } }).schedule.windows, undefined)
  for (const [deletionPolicy, onGone] of [
    ['Retain', undefined],
    ['Merge', 'Merge'],
    ['Delete', 'Delete'],
  ])
    t.equal(of({ target: { deletionPolicy } }).secret.composition?.onGone, onGone)
  t.end()
})

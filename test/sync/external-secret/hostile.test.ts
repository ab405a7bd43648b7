import t from 'tap'
import { ready, secret, start } from '../harness/external-secret-simulation.ts'
import { vaultData } from '../harness/simulation.ts'

/** JSON, because an object literal can't have a member of this name. */
const proto = (value: unknown): object => JSON.parse(`{ "__proto__": ${JSON.stringify(value)} }`)
const remoteRef = { key: 'db-password' }
const template = (data: object) => ({ target: { template: { data } } })

t.test('names from JavaScript’s own objects are names like any other', async (t) => {
  const json = '{"__proto__":{"polluted":"1"},"constructor":"2","toString":"3","a":"4"}'
  const yaml = vaultData.replace('secrets: {', `secrets: { strange: '${json}',`)
  const simulation = await start(t, ['web'], yaml)
  const { externalSecrets } = simulation
  const put = (name: string, more: object) =>
    externalSecrets.put('ExternalSecret', { name }, secret(more))
  const refused = {
    'a-key': { data: [{ secretKey: '__proto__', remoteRef }] },
    'a-template': template(proto('x')),
    'a-member': proto({ refreshPolicy: 'x' }),
    'an-item': { data: [{ secretKey: 'a', remoteRef: { ...remoteRef, ...proto(1) } }] },
    'a-target': { target: proto({ name: 'x' }) },
    'all-properties': { data: [], dataFrom: [{ extract: { key: 'strange' } }] },
    'a-field': template({ a: '{{ .__proto__ }}' }),
    'an-inherited-field': template({ a: '{{ .constructor }}{{ .toString }}' }),
    'a-function': template({ a: '{{ constructor .password }}' }),
    'a-decoding': {
      data: [{ secretKey: 'a', remoteRef: { ...remoteRef, decodingStrategy: 'constructor' } }],
    },
    'a-kind': { secretStoreRef: { name: 'kv', kind: 'constructor' } },
    'a-store': { secretStoreRef: { name: 'constructor' } },
    'a-prefix': { data: [{ secretKey: 'a', remoteRef: { key: 'constructor/x' } }] },
  }
  for (const [name, more] of Object.entries(refused)) put(name, more)
  put('constructor', { target: { name: 'constructor', template: { data: { constructor: 'c' } } } })
  const property = (name: string) => ({ key: 'strange', property: name })
  put('properties', {
    data: [
      { secretKey: 'constructor', remoteRef: property('constructor') },
      { secretKey: 'polluted', remoteRef: property('__proto__.polluted') },
    ],
  })
  await simulation.round()
  for (const name of Object.keys(refused)) {
    t.match(ready(simulation, name), { status: 'False', message: /^AKV_\w+: / }, name)
    t.equal(simulation.values(name), undefined, name)
  }
  t.strictSame(simulation.values('constructor'), { constructor: 'c' })
  t.strictSame(simulation.values('properties'), { constructor: '2', polluted: '1' })
  t.equal(({} as { polluted?: unknown }).polluted, undefined)
})

t.test('a hostile store costs only its own ExternalSecrets', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  const stores = {
    cloud: { environmentType: 'constructor' },
    proto: proto({ vaultUrl: 'x' }),
    host: { vaultUrl: 'https://team-a.evil.example' },
    user: { vaultUrl: 'https://team-a@evil.example' },
    account: { serviceAccountRef: { name: 'web', namespace: 'team-b' } },
    path: { vaultUrl: `${simulation.store().provider.azurekv.vaultUrl}/../team-b` },
  }
  for (const [name, more] of Object.entries(stores)) {
    externalSecrets.put('SecretStore', { name }, simulation.store(more))
    externalSecrets.put('ExternalSecret', { name }, secret({ secretStoreRef: { name } }))
  }
  await simulation.round()
  for (const name of Object.keys(stores)) {
    t.match(ready(simulation, name), { status: 'False', message: /^AKV_SYNC_SOURCE: / }, name)
    t.equal(simulation.values(name), undefined, name)
  }
})

t.test('hundreds of large templates cost their Secret, and nobody else', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  const texts = {
    printing: `{{ .password }}`.repeat(30),
    'printing-all': '{{ . }}'.repeat(15),
    growing: `{{ .password ${'| b64enc '.repeat(20)} }}`,
    replacing: `{{ replace "r" "{{ . }}" .password ${'| replace "e" "eeee" '.repeat(6)} }}`,
  }
  for (const [name, text] of Object.entries(texts)) {
    const data = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`k${n}`, text]))
    externalSecrets.put('ExternalSecret', { name }, secret(template(data)))
  }
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret(), {
    creationTimestamp: '2026-02-01T00:00:00Z',
  })
  await simulation.round()
  t.match(ready(simulation), { status: 'True' })
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
})

t.test('a deep or strange spec gets an answer', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  const deep = JSON.parse(`${'['.repeat(3_000)}${']'.repeat(3_000)}`)
  const specs = {
    deep: { data: deep },
    'deep-template': secret({ target: { template: deep } }),
    text: 'spec',
    list: [],
    null: null,
    'many-items': secret({ data: Array.from({ length: 501 }, () => ({})) }),
    large: secret({ data: [{ secretKey: 'x'.repeat(100_000), remoteRef }] }),
    wrong: secret({ data: Array.from({ length: 400 }, () => ({ x: 1 })) }),
  }
  for (const [name, spec] of Object.entries(specs))
    externalSecrets.put('ExternalSecret', { name }, spec)
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  for (const name of Object.keys(specs)) {
    t.match(ready(simulation, name), { status: 'False' }, name)
    t.ok((ready(simulation, name)?.message ?? '').length < 2_048, name)
  }
  t.match(ready(simulation), { status: 'True' })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml'
import { maxAccountNameLength } from '../../sync/record-name.ts'

const read = (path: string) =>
  readFileSync(join(import.meta.dirname, '../../manifests/chart', path), 'utf8')
const valuesDocument = parseDocument(read('values.yaml'))
const schema = JSON.parse(read('values.schema.json'))
const accepts = new Ajv({ allErrors: true }).compile(schema)
const uuid = '11111111-2222-3333-4444-555555555555'

/** Each value with its path and the comment above it. A map without fixed keys counts as one value. */
function listValues(map: YAMLMap, properties: typeof schema, path: readonly string[] = []) {
  const values: { path: string; comment: string }[] = []
  for (const { key, value } of map.items) {
    if (!isScalar(key)) continue
    const known = properties[String(key.value)]
    const at = [...path, String(key.value)]
    const isFirst = map.items[0]?.key === key
    const comment = key.commentBefore ?? (isFirst ? map.commentBefore : undefined) ?? ''
    if (isMap(value) && known?.properties && !comment.includes(' -- '))
      values.push(...listValues(value, known.properties, at))
    else values.push({ path: at.join('.'), comment })
  }
  return values
}

const documented = listValues(valuesDocument.contents as YAMLMap, schema.properties)

t.test('values.yaml documents each value with its default', async (t) => {
  t.ok(documented.length > 25)
  for (const { path, comment } of documented) t.match(comment, ' -- ', path)
  const inSchema = (properties: typeof schema, at = ''): string[] =>
    Object.entries<typeof schema>(properties).flatMap(([name, { properties: inner }]) =>
      inner && !documented.some(({ path }) => path === `${at}${name}`)
        ? inSchema(inner, `${at}${name}.`)
        : [`${at}${name}`],
    )
  t.strictSame(documented.map(({ path }) => path).sort(), inSchema(schema.properties).sort())
})

t.test('the defaults are accepted', async (t) => {
  t.ok(accepts(valuesDocument.toJS()), JSON.stringify(accepts.errors))
})

const accounts = (name: string, others: object = {}) => ({ serviceAccounts: [name], ...others })

const wrongValues: readonly (readonly [string, object])[] = [
  ['an unknown value', { tenentId: uuid }],
  ['an unknown value inside', { webhook: { replica: 3 } }],
  ['a tenant that isn’t a UUID', { tenantId: 'contoso.onmicrosoft.com' }],
  ['one replica', { webhook: { replicas: 1 } }],
  ['replicas as text', { webhook: { replicas: '3' } }],
  ['the URL of a vault', { defaultVault: 'https://a.vault.azure.net' }],
  ['vaults that aren’t a list', { allowedVaults: { shop: 'shop-prod' } }],
  ['an invalid namespace name', { allowedVaults: { Shop: ['shop-prod'] } }],
  ['an unknown cloud', { cloud: { name: 'azure' } }],
  ['a vault URL without a place for the vault', { cloud: { vaultUrl: 'https://vault.example' } }],
  ['a vault URL in which a pod names the domain', { cloud: { vaultUrl: 'https://{vault}.com' } }],
  ['an authority without TLS', { cloud: { authorityHost: 'http://login.example' } }],
  ['a CA that isn’t a PEM certificate', { cloud: { ca: 'ca.crt' } }],
  ['an invalid digest', { image: { digest: 'sha256:1' } }],
  ['an unknown pull policy', { image: { pullPolicy: 'Sometimes' } }],
  ['an invalid quantity', { agent: { limits: { memory: '160MB' } } }],
  [
    'bytes as a number, which Helm would write as 1.6e+08',
    { agent: { limits: { memory: 160e6 } } },
  ],
  ['an unknown choice of served namespaces', { csi: { namespaces: 'labeled' } }],
  ['a refresh as a number', { csi: { refresh: 120 } }],
  ['a refresh without a unit', { csi: { refresh: '120' } }],
  ['an empty refresh', { csi: { refresh: '' } }],
  ['an unknown mode', { certs: { mode: 'manual' } }],
  [
    'an issuer without a name',
    { certs: { certManager: { issuerRef: { kind: 'ClusterIssuer' } } } },
  ],
  ['accounts that aren’t a list', { sync: { namespaces: { shop: { serviceAccounts: 'web' } } } }],
  ['accounts without their namespace', { sync: { namespaces: { serviceAccounts: ['web'] } } }],
  ['a namespace without the key', { sync: { namespaces: { shop: ['web'] } } }],
  ['a misspelt key', { sync: { namespaces: { shop: { serviceAccount: ['web'] } } } }],
  ['a key beside the accounts', { sync: { namespaces: { shop: accounts('web', { all: true }) } } }],
  ['a namespace with a dot', { sync: { namespaces: { 'shop.prod': accounts('web') } } }],
  ['all namespaces', { sync: { namespaces: { '*': accounts('web') } } }],
  ['all accounts', { sync: { namespaces: { shop: accounts('*') } } }],
  ['an account in capitals', { sync: { namespaces: { shop: accounts('Web') } } }],
  ['an account that ends with a dot', { sync: { namespaces: { shop: accounts('web.') } } }],
  ['an empty account', { sync: { namespaces: { shop: accounts('') } } }],
  ['two accounts in one', { sync: { namespaces: { shop: accounts('web+api') } } }],
  [
    'an account whose record can have no name',
    { sync: { namespaces: { shop: accounts('a'.repeat(maxAccountNameLength + 1)) } } },
  ],
  ['a setting among the variables', { sync: { env: { AKV_INJECTOR_CLOUD: 'china' } } }],
  ['a variable that isn’t a string', { sync: { env: { NO_PROXY: 1 } } }],
  ['no port for vaults', { networkPolicy: { vaultPorts: [] } }],
  ['an empty peer', { networkPolicy: { metricsFrom: [{}] } }],
  ['a peer that is a namespace’s name', { networkPolicy: { metricsFrom: ['monitoring'] } }],
  ['a block without addresses', { networkPolicy: { webhookFrom: [{ ipBlock: {} }] } }],
  ['an unknown key of the network policy', { networkPolicy: { egress: [] } }],
]

t.test(
  'account names are accepted up to the length at which the record’s name is valid',
  async (t) => {
    const namespaces = {
      shop: { serviceAccounts: ['web', 'web.api-2', 'a'.repeat(maxAccountNameLength)] },
      'shop-2': { serviceAccounts: [] },
      gone: null,
    }
    t.ok(accepts({ sync: { namespaces } }), JSON.stringify(accepts.errors))
  },
)

for (const [what, values] of wrongValues)
  t.test(`refused: ${what}`, async (t) => {
    t.notOk(accepts(values))
  })

import { Ajv } from 'ajv'
import t from 'tap'
import { maxAccountNameLength } from '../../../requests/account/record-name.ts'
import { defaultValues, documentedValues, valuesSchema as schema } from './documented-values.ts'

const accepts = new Ajv({ allErrors: true }).compile(schema)
const uuid = '11111111-2222-3333-4444-555555555555'

t.test('values.yaml documents each value with its default', async (t) => {
  t.ok(documentedValues.length > 25)
  for (const { path, comment } of documentedValues) t.match(comment, ' -- ', path)
  const inSchema = (properties: typeof schema, at = ''): string[] =>
    Object.entries<typeof schema>(properties).flatMap(([name, { properties: inner }]) =>
      inner && !documentedValues.some(({ path }) => path === `${at}${name}`)
        ? inSchema(inner, `${at}${name}.`)
        : [`${at}${name}`],
    )
  t.strictSame(documentedValues.map(({ path }) => path).sort(), inSchema(schema.properties).sort())
})

t.test('the defaults are accepted', async (t) => {
  t.ok(accepts(defaultValues), JSON.stringify(accepts.errors))
})

const accounts = (name: string, others: object = {}) => ({ serviceAccounts: [name], ...others })

const selector = (expression: object) => ({
  webhook: { namespaceSelector: { matchExpressions: [{ key: 'team', ...expression }] } },
})

const wrongValues: readonly (readonly [string, object])[] = [
  ['an unknown value', { tenentId: uuid }],
  ['an unknown value inside', { webhook: { replica: 3 } }],
  ['a tenant that isn’t a UUID', { tenantId: 'contoso.onmicrosoft.com' }],
  ['no replica', { webhook: { replicas: 0 } }],
  ['a label that the chart sets', { commonLabels: { 'app.kubernetes.io/name': 'other' } }],
  ['a pod label that the chart sets', { sync: { podLabels: { 'helm.sh/chart': 'other' } } }],
  ['a label that Kubernetes refuses', { commonLabels: { team: 'a b' } }],
  ['an annotation that isn’t a string', { commonAnnotations: { 'example.com/a': true } }],
  ['a proxy with credentials', { proxy: { httpsProxy: 'http://me:secret@proxy.example' } }],
  ['a token proxy with a path', { identityBinding: { tokenProxy: 'https://a.example/b' } }],
  ['a token proxy without TLS', { identityBinding: { tokenProxy: 'http://a.example' } }],
  ['a server name in upper case', { identityBinding: { serverName: 'A.ests.aks' } }],
  ['a CA that isn’t the name of a ConfigMap', { identityBinding: { caConfigMap: 'a/b' } }],
  ['a proxy without a scheme', { proxy: { httpsProxy: 'proxy.example:3128' } }],
  ['an unknown operator of a selector', selector({ operator: 'Gt', values: ['1'] })],
  ['a selector without its values', selector({ operator: 'In' })],
  ['a selector with values that it ignores', selector({ operator: 'Exists', values: ['1'] })],
  ['text that would leave a CEL expression', selector({ operator: 'In', values: ['" || "'] })],
  ['a name that breaks a label', { nameOverride: '-a' }],
  ['a namespace with a dot', { namespaceOverride: 'a.b' }],
  ['a setting as an extra variable', { webhook: { extraEnv: [{ name: 'AKV_INJECTOR_CLOUD' }] } }],
  ['extra variables as a map', { webhook: { extraEnv: { TZ: 'UTC' } } }],
  ['a privileged port', { webhook: { securePort: 443 } }],
  ['a probe of another kind', { webhook: { livenessProbe: { httpGet: {} } } }],
  ['a budget above 100%', { webhook: { podDisruptionBudget: { minAvailable: '101%' } } }],
  ['a pull Secret without a name', { imagePullSecrets: [{ secret: 'a' }] }],
  ['replicas as text', { webhook: { replicas: '3' } }],
  ['a number of seconds between roll-outs', { sync: { rollouts: { minInterval: 600 } } }],
  ['no roll-out in a day', { sync: { rollouts: { maxPerDay: 0 } } }],
  ['a hundred and one roll-outs at a time', { sync: { rollouts: { concurrent: 101 } } }],
  ['an empty interval', { sync: { rollouts: { interval: '' } } }],
  ['the URL of a vault', { defaultVault: 'https://a.vault.azure.net' }],
  ['vaults that aren’t a list', { allowedVaults: { shop: 'shop-prod' } }],
  ['a default that no annotation has', { defaults: { shop: { 'file-mode': '0400' } } }],
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
  ['an unknown way to watch', { sync: { watch: 'all' } }],
  ['a namespace without settings', { sync: { namespaces: { shop: {} } } }],
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
  ['an interval without a unit', { metrics: { podMonitor: { interval: '60' } } }],
  ['an unknown monitor', { metrics: { probe: { enabled: true } } }],
  ['an unknown key of the network policy', { networkPolicy: { egress: [] } }],
]

t.test(
  'account names are accepted up to the length at which the record’s name is valid',
  async (t) => {
    const namespaces = {
      shop: { serviceAccounts: ['web', 'web.api-2', 'a'.repeat(maxAccountNameLength)] },
      'shop-2': { serviceAccounts: [] },
      'shop-3': { allowedMetadata: ['owner=helm'] },
      gone: null,
    }
    t.ok(accepts({ sync: { namespaces } }), JSON.stringify(accepts.errors))
  },
)

for (const [what, values] of wrongValues)
  t.test(`refused: ${what}`, async (t) => {
    t.notOk(accepts(values))
  })

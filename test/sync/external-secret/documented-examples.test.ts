import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseAllDocuments, stringify } from 'yaml'
import { fixture, fixtureText, openssl } from '../../keyvault/formats/fixtures.ts'
import { tenantId } from '../../support/servers/start-test-emulator.ts'
import { annotations, startSimulation, webId } from '../harness/simulation.ts'

/**
 * Runs the fixtures of `check` that are supported. The Secrets are those that the operator would write, but for what
 * docs/from-external-secrets.md lists: properties that are null, and blanks in JSON.
 */
const folder = join(import.meta.dirname, '../../fixtures/external-secrets')

const pfx = fixture('chain-aes-256.pfx').toString('base64')
const [key, certificate] = [fixtureText('leaf.key'), fixtureText('leaf.crt')]
const withoutText = (pem: string) => openssl(['x509', '-in', 'crt'], { crt: pem })
const chain = ['leaf', 'intermediate', 'root'].map((name) =>
  withoutText(fixtureText(`${name}.crt`)),
)
const secrets = {
  'db-password': 'correct horse',
  'db-user': 'web',
  db: '{"login":{"user":"web"}}',
  settings: '{"host":"db","port":5432,"a b":"c","nothing":null,"nested":{"x": [1]}}',
  'registry-login': '{"auths":{}}',
  'registry-name': 'Shop',
  'registry-host': 'registry.example',
  'registry-user': 'robot',
  'registry-password': 'p:w',
  'site-pfx': pfx,
  'client-certificate': pfx,
  'deploy-key': key,
  site: `${key}${certificate}`,
  'grafana-user': 'admin',
  'grafana-password': 'a"b',
  'grafana-url': 'postgres://grafana@db/grafana',
  'grafana-client': 'abc',
  friends: '{"name":{"first":"Ann"},"friends":[{"first":"Bo"},{"first":"Cy"}],"tls.crt":"dotted"}',
  user: 'robot',
  password: Buffer.from('secret').toString('base64'),
  host: 'db.example',
  'signing-jwk': JSON.stringify(createPrivateKey(key).export({ format: 'jwk' })),
}
const yaml = stringify({
  identities: [
    { clientId: webId, federatedCredentials: [{ subject: 'system:serviceaccount:team-a:web' }] },
  ],
  vaults: {
    'team-a': { readers: [webId], secrets, keys: { signing: { type: 'RSA' } } },
    'team-b': { readers: [webId], secrets: { 'db-password': 'of b', settings: '{"from":"b"}' } },
  },
})

const extracted = { host: 'db', port: '5432', a_b: 'c', nested: '{"x":[1]}' }
/** What each Secret holds, by the names of the fixture and of the Secret. */
const expected: Readonly<Record<string, Readonly<Record<string, object | undefined>>>> = {
  'plain-data-of-v1beta1': { app: { password: 'correct horse', user: 'web' } },
  'store-by-client-certificate': { app: { password: 'correct horse' } },
  'store-with-every-setting': { app: { password: 'correct horse' } },
  'decodings-and-metadata': { login: { username: 'robot', password: 'secret' } },
  'properties-of-json': {
    nested: { 'first-name': 'Ann', second: 'Cy', dotted: 'dotted' },
    queries: undefined,
  },
  'extract-alone': { settings: extracted },
  'extract-beside-data': { settings: { ...extracted, password: 'correct horse' } },
  'two-stores-for-one-secret': {
    app: { from: 'b', here: 'correct horse', there: 'of b' },
    'without-a-default': { there: 'of b' },
  },
  'certificate-from-its-secret': {
    'client-certificate': { 'tls.crt': chain.join(''), 'tls.key': key },
  },
  'secrets-of-common-types': {
    registry: { '.dockerconfigjson': '{"auths":{}}' },
    'registry-by-parts': {
      '.dockerconfigjson':
        '{"auths":{"shop.registry.example":{"username":"Shop","password":"p:w","auth":"U2hvcDpwOnc="}}}',
    },
    site: { 'tls.crt': chain.join(''), 'tls.key': key },
    'deploy-key': { 'ssh-privatekey': key },
    'without-its-key': undefined,
  },
  'template-of-keys': { app: { 'app.ini': '[db]\nuser = web\npassword = correct horse\n' } },
  'template-that-merges': { app: { host: 'db.example', url: 'https://db.example/' } },
  'template-of-a-registry-login': {
    pull: { '.dockerconfigjson': '{"auths":{"registry.example":{"auth":"cm9ib3Q6cDp3"}}}' },
  },
  'template-of-a-configuration-file': {
    grafana: {
      name: 'admin',
      'datasources.yaml':
        'datasources:\n  - name: Metrics\n    url: http://localhost:8080\n    user: "admin"\n    password: "a\\"b"\n',
      connection: 'postgresql://grafana@db/grafana',
      dashed: 'abc',
    },
  },
  'template-escaped-for-helm': { app: { password: '{{ .password }}' } },
  'template-of-pem-blocks': {
    site: { 'tls.crt': withoutText(certificate), 'tls.key': key },
  },
}

/** Applies the objects of a fixture in the namespace of the simulation, and runs a round. */
async function run(t: Test, name: string) {
  const simulation = await startSimulation(t, { yaml, classesOf: ['web'] })
  const { accounts, externalSecrets } = simulation.apiServer
  const { 'akv-injector.io/sync': _, ...identity } = annotations('')
  accounts.put('team-a', 'web', identity)
  const [before, after] = simulation.options.policy.cloud.vaultUrl.split('{vault}')
  const text = readFileSync(join(folder, name, 'manifests.yaml'), 'utf8')
    .replaceAll('33333333-3333-3333-3333-333333333333', tenantId)
    .replaceAll(/https:\/\/(team-[ab])\.vault\.azure\.net/g, `${before}$1${after}`)
  for (const document of parseAllDocuments(text)) {
    const { kind, metadata, spec } = document.toJS()
    if (kind !== 'ServiceAccount') externalSecrets.put(kind, { name: metadata.name }, spec)
  }
  await simulation.round()
  return simulation
}

for (const [name, secretsOf] of Object.entries(expected))
  t.test(`${name} gives its Secrets`, async (t) => {
    const simulation = await run(t, name)
    for (const [secret, values] of Object.entries(secretsOf))
      t.strictSame(simulation.values(secret), values, secret)
  })

t.test('template-of-a-json-web-key gives a public and a private key', async (t) => {
  const simulation = await run(t, 'template-of-a-json-web-key')
  const { 'verify.pem': verify = '', 'sign.pem': sign } = simulation.values('keys') ?? {}
  t.equal(createPublicKey(verify).asymmetricKeyType, 'rsa')
  t.match(verify, /^-----BEGIN PUBLIC KEY-----\n/)
  t.equal(sign, createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' }))
})

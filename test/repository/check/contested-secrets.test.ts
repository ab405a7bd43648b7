import t from 'tap'
import { runInProcess } from '../../support/run-in-process.ts'

const account = (name: string, annotations: object) => ({
  kind: 'ServiceAccount',
  metadata: {
    name,
    annotations: {
      'akv-injector.io/client-id': '11111111-1111-1111-1111-111111111111',
      'akv-injector.io/vault': 'team-a',
      'akv-injector.io/sync': '[{ secret: shared, data: db }]',
      ...annotations,
    },
  },
})
const objectOf = (kind: string, { apiVersion, ...rest }: { apiVersion: string; spec: object }) => ({
  apiVersion,
  kind,
  metadata: {
    name: kind.toLowerCase(),
    annotations: { 'akv-injector.io/service-account': 'reader' },
  },
  ...rest,
})
const operator = 'external-secrets.io/v1'
const store = objectOf('SecretStore', {
  apiVersion: operator,
  spec: { provider: { azurekv: { vaultUrl: 'https://team-a.vault.azure.net' } } },
})
const externalSecret = objectOf('ExternalSecret', {
  apiVersion: operator,
  spec: {
    secretStoreRef: { name: 'secretstore' },
    target: { name: 'shared' },
    data: [{ secretKey: 'db', remoteRef: { key: 'db' } }],
  },
})
const classOf = (parameters: object) =>
  objectOf('SecretProviderClass', {
    apiVersion: 'secrets-store.csi.x-k8s.io/v1',
    spec: {
      provider: 'azure',
      parameters: {
        keyvaultName: 'team-a',
        objects: '[{ objectName: db, objectType: secret }]',
        ...parameters,
      },
      secretObjects: [
        { secretName: 'shared', type: 'Opaque', data: [{ objectName: 'db', key: 'db' }] },
      ],
    },
  })
const reader = account('reader', { 'akv-injector.io/sync': '[{ secret: own, data: db }]' })
const messages = async (...objects: readonly object[]) => {
  const input = objects.map((object) => JSON.stringify(object)).join('\n---\n')
  const { code, stdout } = await runInProcess(['check', '-', '--output', 'json'], { input })
  const findings: readonly { severity: string; message: string }[] = JSON.parse(stdout).findings
  return {
    code,
    problems: findings
      .filter(({ severity }) => severity === 'problem')
      .map(({ message }) => message),
  }
}

t.test('a Secret that two objects request is a problem of one of them', async (t) => {
  const sources = [classOf({}), externalSecret, account('web', {})]
  for (const [one, other] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const pair = [sources[one], sources[other]].filter((object) => object !== undefined)
    const { code, problems } = await messages(store, reader, ...pair)
    t.equal(code, 1)
    t.match(problems, [/^Secret shared: .* requests it too/])
    t.equal(problems.length, 1)
  }
  const both = await messages(account('web', {}), account('api', {}))
  t.match(both.problems, [/^Secret shared: ServiceAccount\/web .* requests it too/])
})

t.test('another mistake doesn’t hide that', async (t) => {
  const wrong = { 'akv-injector.io/refresh': '1x' }
  for (const object of [account('web', {}), externalSecret, classOf({})]) {
    const { problems } = await messages(store, reader, object, account('api', wrong))
    t.match([...problems].sort(), [/^Secret shared: /, /^akv-injector\.io\/refresh "1x"/])
    t.equal(problems.length, 2)
  }
  const { problems } = await messages(
    store,
    reader,
    externalSecret,
    classOf({ cloudName: 'AzureChinaCloud' }),
  )
  t.match([...problems].sort(), [/^Secret shared: /, /^parameters\.cloudName "AzureChinaCloud"/])
  t.equal(problems.length, 2)
})

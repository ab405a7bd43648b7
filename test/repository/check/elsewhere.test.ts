import t from 'tap'
import { runInProcess } from '../../support/run-in-process.ts'

const check = (...objects: readonly object[]) =>
  runInProcess(['check', '-'], {
    input: objects.map((object) => JSON.stringify(object)).join('\n---\n'),
    env: { AKV_INJECTOR_CSI: 'labelled' },
  })

const classIn = (namespace: string) => ({
  apiVersion: 'secrets-store.csi.x-k8s.io/v1',
  kind: 'SecretProviderClass',
  metadata: { name: 'kv', namespace },
  spec: {
    provider: 'azure',
    parameters: {
      keyvaultName: 'team-a',
      clientID: '44444444-4444-4444-4444-444444444444',
      objects: 'array:\n  - objectName: a\n    objectType: secret\n',
    },
  },
})
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    containers: [{ name: 'web', volumeMounts: [{ name: 'kv', mountPath: '/kv' }] }],
    volumes: [
      {
        name: 'kv',
        csi: {
          driver: 'secrets-store.csi.k8s.io',
          volumeAttributes: { secretProviderClass: 'kv' },
        },
      },
    ],
  },
}

const apiVersion = 'external-secrets.io/v1'
const azure = { azurekv: { vaultUrl: 'https://team-a.vault.azure.net' } }
const store = (namespace: string, provider: object = azure, kind = 'SecretStore') => ({
  apiVersion,
  kind,
  metadata: { name: 'kv', namespace },
  spec: { provider },
})
const externalSecret = (kind?: string) => ({
  apiVersion,
  kind: 'ExternalSecret',
  metadata: { name: 'app', namespace: 'shop' },
  spec: {
    secretStoreRef: { name: 'kv', ...(kind && { kind }) },
    data: [{ secretKey: 'a', remoteRef: { key: 'a' } }],
  },
})
const account = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: {
    name: 'web',
    namespace: 'shop',
    annotations: { 'azure.workload.identity/client-id': '44444444-4444-4444-4444-444444444444' },
  },
}

t.test('a class in another namespace is named, with its file', async (t) => {
  const { stdout, code } = await check(classIn('bank'), pod)
  t.equal(code, 1)
  t.match(
    stdout,
    'SecretProviderClass kv: is not in namespace shop of these files, but in namespace bank (standard input:1); write the same namespace in both files, or pass --namespace bank if only kubectl gets it, or, if Kustomize sets it, check what Kustomize renders',
  )
  const many = await check(...['a', 'b', 'c', 'd', 'e'].map(classIn), pod)
  t.match(many.stdout, /but in namespace a \(.*, namespace c \(.*, 2 more; write/)
  t.equal((await check(classIn('bank'), classIn('shop'), pod)).code, 0)
})

t.test('the one near name in the namespace is named, and otherwise what to pass', async (t) => {
  const named = (name: string, namespace = 'shop') => ({
    ...classIn(namespace),
    metadata: { name, namespace },
  })
  const near = (name: string) =>
    `SecretProviderClass kv: is not among these files, but ${name} is; if that is meant, write its name, because Kustomize's namePrefix and nameSuffix don't change it in references`
  for (const name of ['kv-dev', 'team-kv'])
    t.match((await check(named(name), named('other'), pod)).stdout, near(name))
  const missing =
    'SecretProviderClass kv: is not among these files; pass the file that has it, or the output of kubectl get secretproviderclasses --namespace shop --output yaml'
  for (const others of [
    [named('kv-dev'), named('kv-prod')],
    [named('kv-dev', 'bank')],
    [named('unlike')],
    [named('kw')],
  ])
    t.match((await check(...others, pod)).stdout, missing)
  const podOfShop = JSON.parse(
    JSON.stringify(pod).replace('"secretProviderClass":"kv"', '"secretProviderClass":"kv-shop"'),
  )
  const many = Array.from({ length: 20 }, (_, i) => named(`other-${i}`))
  t.match(
    (await check(named('kv-shops'), podOfShop)).stdout,
    'but kv-shops is; if that is meant, write its name\n',
  )
  t.notMatch((await check(named('kv-shops'), ...many, podOfShop)).stdout, 'kv-shops is;')
  const stores = { ...store('shop'), metadata: { name: 'kv-dev', namespace: 'shop' } }
  t.match(
    (await check(stores, account, externalSecret())).stdout,
    'SecretStore kv: is not among these files, but kv-dev is; if that is meant',
  )
})

t.test('an account in another namespace is named, unless every namespace has one', async (t) => {
  const { clientID: _, ...parameters } = classIn('shop').spec.parameters
  const openClass = { ...classIn('shop'), spec: { provider: 'azure', parameters } }
  const podAs = (serviceAccountName: string) => ({
    ...pod,
    spec: { ...pod.spec, serviceAccountName },
  })
  const elsewhere = (name: string) => ({
    ...account,
    metadata: { ...account.metadata, name, namespace: 'bank' },
  })
  const { stdout } = await check(openClass, podAs('web'), elsewhere('web'))
  t.match(
    stdout,
    'ServiceAccount web: is not in namespace shop of these files, but in namespace bank',
  )
  const byDefault = await check(openClass, podAs('default'), elsewhere('default'))
  t.match(
    byDefault.stdout,
    'ServiceAccount default: is not among these files, and nothing else names the client to sign in as',
  )
})

t.test('a store in another namespace, or of the other kind, is named', async (t) => {
  const { stdout } = await check(store('bank'), account, externalSecret())
  t.match(
    stdout,
    'SecretStore kv: is not in namespace shop of these files, but in namespace bank (',
  )
  const wide = store('', azure, 'ClusterSecretStore')
  t.match(
    (await check(wide, account, externalSecret())).stdout,
    'SecretStore kv: is not among these files, but ClusterSecretStore kv is; write kind: ClusterSecretStore in the reference',
  )
  const narrow = await check(store('shop'), account, externalSecret('ClusterSecretStore'))
  t.match(narrow.stdout, 'but SecretStore kv is; write kind: SecretStore in the reference')
  const neither = await check(store('bank'), account, externalSecret('ClusterSecretStore'))
  t.match(neither.stdout, 'ClusterSecretStore kv: is not among these files; pass the file')
})

t.test('an account isn’t missing while the store isn’t known', async (t) => {
  const { stdout } = await check(externalSecret())
  t.match(stdout, 'SecretStore kv: is not among these files')
  t.notMatch(stdout, /ServiceAccount|to do before/)
  const known = await check(store('shop'), externalSecret())
  t.match(known.stdout, 'these files have no ServiceAccount in namespace shop')
  t.match(known.stdout, 'to do before')
})

t.test(
  'a store with several definitions is another provider’s only if all of them are',
  async (t) => {
    const other = store('shop', { vault: { server: 'https://vault.example' } })
    const third = store('shop', { vault: { server: 'https://other.example' } })
    const theirs = await check(other, third, account, externalSecret())
    t.equal(theirs.code, 0)
    t.match(theirs.stdout, 'not synced: SecretStore kv: spec.provider is not azurekv')
    const ours = store('shop', { azurekv: { vaultUrl: 'https://team-b.vault.azure.net' } })
    for (const stores of [
      [store('shop'), ours],
      [store('shop'), other],
      [other, store('shop')],
    ]) {
      const { stdout, code } = await check(...stores, account, externalSecret())
      t.equal(code, 1)
      t.match(stdout, 'ExternalSecret/app (standard input): would not be synced')
      t.match(stdout, 'SecretStore kv: is defined differently in one folder')
    }
  },
)

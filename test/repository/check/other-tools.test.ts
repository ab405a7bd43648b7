import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const check = (objects: readonly object[], args: readonly string[] = []) =>
  runInProcess(['check', '-', ...args], {
    input: objects.map((object) => JSON.stringify(object)).join('\n---\n'),
  })

const deployment = (annotations: object, container: object = {}) => ({
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    template: {
      metadata: { annotations },
      spec: { containers: [{ name: 'app' }], initContainers: [{ name: 'init', ...container }] },
    },
  },
})

t.test('a pod that is annotated for vault-k8s is told where to read on', async (t) => {
  for (const value of ['true', 'True', '1', true]) {
    const { code, stdout } = await check([
      deployment({ 'vault.hashicorp.com/agent-inject': value, 'vault.hashicorp.com/role': 'x' }),
    ])
    t.equal(code, 0, 'both tools can run in a cluster')
    t.match(
      stdout,
      'not injected: it has no akv-injector.io annotations\n  warning: line 1: the pod is annotated for vault-k8s (vault.hashicorp.com/agent-inject), which akv-injector ignores; see docs/from-vault-k8s.md\n',
    )
  }
  for (const annotations of [
    { 'vault.hashicorp.com/agent-inject': 'false' },
    { 'vault.hashicorp.com/role': 'x' },
  ])
    t.notMatch((await check([deployment(annotations)])).stdout, 'warning:')
})

t.test('variables, objects and namespaces of akv2k8s are told where to read on', async (t) => {
  for (const value of ['db@azurekeyvault', 'cert@azurekeyvault?tls.crt', 'a.b@azurekeyvault?x.y']) {
    const { code, stdout } = await check([deployment({}, { env: [{ name: 'A', value }] })])
    t.equal(code, 0)
    t.match(
      stdout,
      /warning: line 1: the pod has variables for akv2k8s .*; see docs\/from-akv2k8s\.md\n/,
    )
  }
  const odd = [{ name: 'A', value: 7 }, null, 'x', { name: 'B', valueFrom: {} }]
  t.notMatch((await check([deployment({}, { env: odd })])).stdout, 'warning:')

  const objects = [
    { apiVersion: 'spv.no/v2beta1', kind: 'AzureKeyVaultSecret', metadata: { name: 'db' } },
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { 'azure-key-vault-env-injection': 'enabled' } },
    },
  ]
  const { code, stdout } = await check(objects)
  t.equal(code, 0)
  t.equal((await check(objects, ['--strict'])).code, 1)
  t.match(
    stdout,
    /AzureKeyVaultSecret\/db .*: not looked at.*\n {2}warning: .*docs\/from-akv2k8s\.md/,
  )
  t.match(stdout, /Namespace\/shop .*: not looked at.*\n {2}warning: .*docs\/from-akv2k8s\.md/)
})

t.test('objects that other controllers make Secrets of are told where to read on', async (t) => {
  const { code, stdout } = await check([
    { apiVersion: 'secret-sync.x-k8s.io/v1alpha1', kind: 'SecretSync', metadata: { name: 'db' } },
    {
      apiVersion: 'azconfig.io/v1',
      kind: 'AzureAppConfigurationProvider',
      metadata: { name: 'a' },
    },
    { apiVersion: 'example.com/v1', kind: 'SecretSync', metadata: { name: 'other' } },
  ])
  t.equal(code, 0)
  t.match(
    stdout,
    /SecretSync\/db .*: not looked at.*\n {2}warning: .*docs\/from-csi\.md#secretsync\n/,
  )
  t.match(
    stdout,
    /AzureAppConfigurationProvider\/a .*\n {2}warning: .*docs\/from-csi\.md#azure-app-conf/,
  )
  t.notMatch(stdout, /SecretSync\/other .*\n {2}warning/)
  const page = readFileSync(join(root, 'docs/from-csi.md'), 'utf8')
  t.match(page, /\n## SecretSync\n/)
  t.match(page, /\n## Azure App Configuration\n/)
})

t.test('the pods that the pages show afterwards would be injected', async (t) => {
  for (const page of ['from-vault-k8s', 'from-akv2k8s']) {
    const text = readFileSync(join(root, `docs/${page}.md`), 'utf8')
    const metadata = [...text.matchAll(/```yaml\n(metadata:[\s\S]*?)\n```/g)]
      .map(([, block = '']) => block)
      .filter((block) => block.includes('akv-injector.io/'))
    t.equal(metadata.length, 1)
    const input = `kind: Pod\n${metadata[0]}\nspec: { containers: [{ name: app }] }\n`
    t.match(await runInProcess(['check', '-'], { input }), { code: 0, stdout: /would be injected/ })
  }
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { root } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { seedManifests } from '../../support/seed-manifests.ts'

const example = seedManifests.find(({ name }) => name === 'the-driver-s-own-example')?.text ?? ''
const pod = example.slice(example.lastIndexOf('\n---\n') + 1)
const mode = (AKV_INJECTOR_CSI: string) => ({ env: { AKV_INJECTOR_CSI } })
const assumption = 'AKV_INJECTOR_CSI is not set: assuming "labelled"'

t.test('without AKV_INJECTOR_CSI, check assumes "labelled" and says so', async (t) => {
  const assumed = await runInProcess(['check', '-'], { input: example })
  t.equal(assumed.code, 0)
  t.ok(assumed.stderr.startsWith(assumption))
  const { stdout } = await runInProcess(['check', '-'], { input: example, ...mode('labelled') })
  t.equal(assumed.stdout, stdout)
  t.match(stdout, 'kubectl label namespace default akv-injector.io/csi=true')

  const everywhere = await runInProcess(['check', '-'], { input: example, ...mode('all') })
  t.notMatch(everywhere.stdout, 'kubectl label')
  const other = await runInProcess(['check', 'manifests/examples/refresh.yaml'])
  t.equal(other.stderr, '', 'but not of manifests without such volumes')
  t.notMatch(other.stdout, 'to do')
})

t.test('a class that no file has is a mistake', async (t) => {
  t.match(await runInProcess(['check', '-'], { input: pod }), {
    code: 1,
    stdout:
      /would be denied\n {2}problem: line 15: volume secrets-store, SecretProviderClass azure-keyvault-secrets: is not among these files/,
  })
})

t.test('an account isn’t asked for a client that the class names wrongly', async (t) => {
  const input = example.replace(/clientID: .*/, 'clientID: "a client"')
  const { code, stdout } = await runInProcess(['check', '-'], { input })
  t.equal(code, 1)
  t.match(stdout, /parameters\.clientID "a client": expected a UUID/)
  t.notMatch(stdout, 'kubectl annotate')
})

t.test('check doesn’t report success for a class where no volumes are served', async (t) => {
  const input = example
  const sentence =
    'has volumes of the Secrets Store CSI Driver, which akv-injector does not serve; see docs/from-csi.md'
  const { code, stdout } = await runInProcess(['check', '-'], { input, ...mode('none') })
  t.equal(code, 1)
  t.match(
    stdout,
    `Pod/my-app (standard input): not injected: it has no akv-injector.io annotations
  problem: the pod ${sentence}`,
  )
  t.match(
    stdout,
    /SecretProviderClass\/azure-keyvault-secrets .*\n {2}problem: akv-injector does not serve/,
  )

  const annotated = parse(pod.slice(4))
  annotated.metadata.annotations = { 'akv-injector.io/env': 'team-a:db' }
  const beside = JSON.stringify(annotated)
  t.match(await runInProcess(['check', '-'], { input: beside, ...mode('none') }), {
    code: 0,
    stdout: new RegExp(`would be injected[\\s\\S]*warning: the pod ${sentence}`),
  })
  annotated.metadata.annotations = { 'akv-injector.io/inject': 'false' }
  t.match(
    await runInProcess(['check', '-'], { input: JSON.stringify(annotated), ...mode('none') }),
    { code: 0, stdout: /not injected: akv-injector.io\/inject is "false"/ },
  )
})

t.test('check reads a class also without a pod', async (t) => {
  const input = (spec: unknown) => JSON.stringify({ kind: 'SecretProviderClass', spec })
  for (const [spec, code, stdout] of [
    [{ provider: 'vault' }, 0, /not served: its provider is not azure/],
    [undefined, 1, /would not be served\n {2}problem: has no spec\n/],
    [
      { provider: 'azure', parameters: { keyvaultName: 'a' } },
      1,
      /would not be served\n {2}problem: line 1: parameters.objects is missing\n {2}problem: line 1: parameters.keyvaultName "a": expected/,
    ],
    [
      { provider: 'azure', parameters: { keyvaultName: 'kv1', objects: '[{objectName: a/b}]' } },
      1,
      /\n {2}problem: line 1: parameters.objects, item 1, objectName/,
    ],
  ] as const) {
    const named = JSON.stringify({ ...JSON.parse(input(spec)), metadata: { name: 'kv' } })
    t.match(await runInProcess(['check', '-'], { input: named, ...mode('all') }), { code, stdout })
  }
})

t.test('a class says which account reads its Secrets, among those of the files', async (t) => {
  const secretObjects = [
    { secretName: 'app', type: 'Opaque', data: [{ objectName: 'db', key: 'password' }] },
  ]
  const parameters = { keyvaultName: 'team-a', objects: '[{ objectName: db, objectType: secret }]' }
  const classWith = (secrets: unknown) =>
    JSON.stringify({
      kind: 'SecretProviderClass',
      metadata: { name: 'kv' },
      spec: { provider: 'azure', parameters, secretObjects: secrets },
    })
  const account = (name: string) => JSON.stringify({ kind: 'ServiceAccount', metadata: { name } })
  const check = async (...documents: readonly string[]) =>
    await runInProcess(['check', '-'], { input: documents.join('\n---\n'), ...mode('all') })
  const secret = 'Secret     app (Opaque): password \u2190 team-a:db'
  for (const [accounts, sentence] of [
    [[], 'and a ServiceAccount enabled in namespace default (akv-injector rbac prints the Role)'],
    [
      ['web'],
      'and ServiceAccount web enabled in namespace default (akv-injector rbac prints the Role)',
    ],
    [
      ['web', 'api'],
      'warning: these files name web, api in namespace default, and all of them count as enabled',
    ],
  ] as const) {
    const { code, stdout } = await check(classWith(secretObjects), ...accounts.map(account))
    t.equal(code, 0)
    t.match(stdout, secret)
    t.match(stdout, sentence)
  }
  t.match(await check(classWith([{ ...secretObjects[0], type: 'kubernetes.io/tls' }])), {
    code: 1,
    stdout:
      /would be served, but its Secrets would not be synced\n(?: {2}\S.*\n)*? {2}problem: line 1: secretObjects, item 1, Secret/,
  })
})

t.test('a class that names another client or tenant than its account isn’t synced', async (t) => {
  const [first, second] = [1, 2].map((n) => `${n}1111111-0000-4000-8000-000000000000`)
  const check = async (parameters: object, annotations: object) => {
    const documents = [
      {
        kind: 'SecretProviderClass',
        metadata: { name: 'kv' },
        spec: {
          provider: 'azure',
          parameters: {
            keyvaultName: 'team-a',
            objects: '[{ objectName: db, objectType: secret }]',
            ...parameters,
          },
          secretObjects: [{ secretName: 'app', data: [{ objectName: 'db', key: 'password' }] }],
        },
      },
      { kind: 'ServiceAccount', metadata: { name: 'web', annotations } },
    ]
    const input = documents.map((document) => JSON.stringify(document)).join('\n---\n')
    return await runInProcess(['check', '-'], { input, ...mode('all') })
  }
  const azure = (client: unknown, tenant: unknown) => ({
    'azure.workload.identity/client-id': client,
    'azure.workload.identity/tenant-id': tenant,
  })
  const same = { clientID: first, tenantId: first }
  t.match(await check(same, azure(first, first)), { code: 0, stdout: /would be served\n/ })
  t.match(await check(same, {}), { code: 0, stdout: /would be served\n/ })
  for (const [annotations, sentence] of [
    [
      azure(second, first),
      `names the client ${first}, but ServiceAccount web signs in as ${second};`,
    ],
    [
      azure(first, second),
      `names the tenant ${first}, but ServiceAccount web signs in to ${second};`,
    ],
  ] as const) {
    const { code, stdout } = await check(same, annotations)
    t.equal(code, 1)
    t.match(stdout, 'would be served, but its Secrets would not be synced\n')
    t.match(stdout, `  problem: AKV_SYNC_ACCOUNT: SecretProviderClass kv: ${sentence}`)
  }
})

t.test('kinds of the External Secrets Operator with any names get an answer', async (t) => {
  const input = ['ExternalSecret', 'SecretStore', { toString: 1 }]
    .map((kind) =>
      JSON.stringify({
        apiVersion: 'external-secrets.io/v1',
        kind,
        metadata: { name: { toString: 1 } },
      }),
    )
    .join('\n---\n')
  t.match(await runInProcess(['check', '-'], { input }), { code: 1 })
  const other = JSON.stringify({ apiVersion: 'not-external-secrets.io/v1', kind: 'Other' })
  t.match(await runInProcess(['check', '-'], { input: other }), {
    code: 0,
    stdout: /^1 object without a pod template: 1 Other$/m,
  })
})

t.test('inject prints the pod as it is served, and everything else byte for byte', async (t) => {
  const text = readFileSync(join(root, 'test/fixtures/seeds/the-driver-s-own-example/pod.yaml'))
  const before = `# the class\n${example.slice(0, example.length - pod.length)}# the pod\n---\n`
  const { code, stdout, stderr } = await runInProcess(['inject', '-'], {
    input: before + text,
    env: { AKV_INJECTOR_AGENT_IMAGE: 'registry.example/akv-injector:1' },
  })
  t.equal(code, 0)
  t.ok(stderr.startsWith(assumption))
  t.ok(stdout.startsWith(before))
  t.match(stdout.slice(before.length), /- name: secrets-store\n {6}emptyDir:\n {8}medium: Memory/)
  t.notMatch(stdout, 'secrets-store.csi.k8s.io')

  const unserved = await runInProcess(['inject', '-'], { input: before + text, ...mode('none') })
  t.equal(unserved.stdout, before + text)
  t.match(await runInProcess(['inject', '-'], { input: `${text}` }), {
    code: 1,
    stdout: '',
    stderr: /is not among these files/,
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { isFuzzing } from '../../../support/property-runs.ts'
import { root } from '../../../support/run-command-line.ts'
import { runInProcess } from '../../../support/run-in-process.ts'
import { seedManifests } from '../../../support/seed-manifests.ts'

const client = '12345678-1234-1234-1234-123456789abc'
const tenant = '87654321-1234-1234-1234-123456789abc'

function demo(t: Test, manifest: string, args: readonly string[] = []) {
  const folder = t.testdir({ 'pod.yaml': manifest })
  return runInProcess(['demo', `${folder}/pod.yaml`, ...args])
}

const annotated = (annotations: string, spec = '') => `kind: Pod
metadata:
  name: web
  annotations:
    ${annotations.trim().replaceAll('\n', '\n    ')}
spec:
  containers: [{ name: app, image: app }]
  ${spec}
`

t.test(
  'the demo makes up every kind of object that a pod names, so that the pod can read it',
  async (t) => {
    const { code, stdout } = await demo(
      t,
      annotated(`
akv-injector.io/vault: team-a
akv-injector.io/client-id: ${client}
akv-injector.io/tenant-id: ${tenant}
akv-injector.io/refresh: 5m
akv-injector.io/secrets: >-
  plain, decoded=encoded|base64, url=db#connection.url, port=db#connection.0, all/=settings#*,
  inner=db#blob|base64, odd=db#__proto__.x, dots=db#a..b,
  other:key/signing, leaf=cert/web, tls/web, bundle=pfx/web, backing=WEB,
  old=plain@0123456789abcdef0123456789abcdef, maybe=absent?
akv-injector.io/env: "TOKEN=plain, PORT=db#connection.0"
akv-injector.io/template.conf: "\${plain} \${db#connection}"`),
    )
    t.equal(code, 0, stdout)
    t.match(stdout, `identity ${client} in tenant ${tenant}`)
    t.match(stdout, /vault team-a\n[\s\S]*secret plain, 2 versions\n[\s\S]*certificate web\n/)
    t.match(stdout, /vault other\n.*key signing\n/)
    t.match(stdout, 'made up for this run, because there is no --vault-data:')
    t.match(stdout, /All files switched in one step/, 'the rotated value can be read, too')
    t.match(stdout, / web\/tls\.key\n/)
  },
)

t.test(
  'the demo makes up the vault, the tenant and the client of a pod that names none',
  async (t) => {
    const { code, stdout } = await demo(t, annotated('akv-injector.io/secrets: db'))
    t.equal(code, 0, stdout)
    t.match(stdout, 'vault made-up-vault, because nothing names one')
    t.match(stdout, 'annotation of ServiceAccount default: azure.workload.identity/client-id=')
    t.match(stdout, 'label of the pod: azure.workload.identity/use="true"')
  },
)

t.test('the demo reads the client and the tenant of a ServiceAccount in the file', async (t) => {
  const account = `kind: ServiceAccount
metadata:
  name: shop
  annotations: { azure.workload.identity/client-id: ${client}, azure.workload.identity/tenant-id: ${tenant} }
`
  const pod = annotated('akv-injector.io/secrets: team-a:db', 'serviceAccountName: shop').replace(
    'name: web',
    'name: web\n  labels: { azure.workload.identity/use: "true" }',
  )
  const { code, stdout } = await demo(t, `${account}---\n${pod}`)
  t.equal(code, 0, stdout)
  t.match(
    stdout,
    `identity ${client} in tenant ${tenant}, with a federated credential for system:serviceaccount:default:shop`,
  )
  t.notMatch(stdout, 'annotation of ServiceAccount')
})

const seed = readFileSync(join(root, 'test/fixtures/seeds/csi.yaml'), 'utf8')

t.test('the demo runs the example of the CSI driver unchanged', async (t) => {
  const { code, stdout } = await demo(t, seed)
  t.equal(code, 0, stdout)
  t.match(stdout, /vault team-a\n.*secret ExampleSecret\n/)
  t.match(stdout, /Files of the volume secrets-store.*\n.*0644 +\d+ B +ExampleSecret\n/)

  const ofCloud = await demo(
    t,
    seed.replace('  parameters:', '  parameters:\n    cloudName: AzurePublicCloud'),
  )
  t.equal(ofCloud.code, 0, 'the emulator stands in for the cloud that the class names')
})

t.test(
  'the demo makes up a SecretProviderClass and a ServiceAccount that no file has',
  async (t) => {
    const [, pod = ''] = seed.split('---\n')
    const { code, stdout } = await demo(t, pod)
    t.equal(code, 0, stdout)
    t.match(stdout, 'SecretProviderClass azure-keyvault-secrets, with one secret')
    t.match(stdout, / made-up-secret\n/)

    const without = await demo(t, pod, ['--vault-data', 'manifests/examples/vault.yaml'])
    t.match(
      without,
      { code: 1, stdout: /has no such SecretProviderClass/ },
      'not beside vault data',
    )
  },
)

t.test('the demo starts every pod that check accepts', async (t) => {
  const served = ['client-by-the-label', 'two-volumes-of-two-vaults', 'class-of-an-azure-stack']
  const shapes = seedManifests.filter(
    ({ name }) => served.includes(name) || /^shape-(07|14|15|22)-/.test(name),
  )
  t.equal(shapes.length, 7)
  for (const { name, text, env } of isFuzzing ? shapes : shapes.slice(0, 2)) {
    const folder = t.testdir({ 'pod.yaml': text })
    const { code, stdout } = await runInProcess(['demo', `${folder}/pod.yaml`], { env })
    t.equal(code, 0, `${name}\n${stdout}`)
  }
})

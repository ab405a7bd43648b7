import t from 'tap'
import { runInProcess } from '../../../support/run-in-process.ts'

/** The lines of a manifest with a mark, and those of the findings about it. */
async function lines(text: string) {
  const env = { AKV_INJECTOR_CSI: 'labelled' }
  const { stdout } = await runInProcess(['check', '-', '--output', 'json'], { input: text, env })
  const found: number[] = JSON.parse(stdout).findings.map(({ line }: { line: number }) => line)
  const marked = text.split('\n').flatMap((line, i) => (line.includes('# wrong') ? i + 1 : []))
  return { marked, found: [...new Set(found)].sort((a, b) => a - b) }
}

const store = `---
kind: SecretStore
apiVersion: external-secrets.io/v1
metadata: { name: kv }
spec:
  provider:
    azurekv:
      vaultUrl: https://team-a.vault.azure.net
      authType: WorkloadIdentity
      serviceAccountRef: { name: web }
`
const cases = {
  'template keys with dots, hyphens, digits and underscores': `
kind: ExternalSecret
apiVersion: external-secrets.io/v1
metadata: { name: db }
spec:
  secretStoreRef: { name: kv }
  data:
    - secretKey: password
      remoteRef: { key: db-password }
  target:
    template:
      data:
        plain: '{{ .password }}'
        word: '{{' # wrong
        tls.crt: '{{' # wrong
        db-url: '{{' # wrong
        key_2: '{{' # wrong
        0: '{{ .other }}{{' # wrong
${store}`,
  'members of an ExternalSecret that nobody knows': `
kind: ExternalSecret
apiVersion: external-secrets.io/v1
metadata: { name: db }
spec:
  refresh-interval: 1h # wrong
  secretStoreRef: { name: kv }
  target.name: db # wrong
  data:
    - secretKey: a
      remoteRef: { key: a }
    - secretKey: b
      remoteRef:
        key: a
        key_2: b # wrong
${store}`,
  'unknown parameters of a class': `
kind: SecretProviderClass
apiVersion: secrets-store.csi.x-k8s.io/v1
metadata: { name: kv }
spec:
  provider: azure
  parameters:
    keyvaultName: team-a
    tenantID: 33333333-3333-3333-3333-333333333333
    objects: 'array: ["{objectName: db, objectType: secret}"]'
    rotation-poll: 2m # wrong
    rotation.poll: 2m # wrong
    rotation_2: 2m # wrong
    secretObjects: '' # wrong
`,
  'Secrets of a class': `
kind: SecretProviderClass
apiVersion: secrets-store.csi.x-k8s.io/v1
metadata: { name: kv }
spec:
  provider: azure
  parameters:
    keyvaultName: team-a
    tenantID: 33333333-3333-3333-3333-333333333333
    objects: 'array: ["{objectName: db, objectType: secret}"]'
  secretObjects:
    - secretName: one
      data: [{ objectName: db, key: db }]
    - secretName: two.2
      data: [{ objectName: other, key: db }] # wrong
`,
  'annotations, containers and volumes of a pod': `
kind: Pod
metadata:
  name: web
  annotations:
    akv-injector.io/vault: team-a
    akv-injector.io/client-id: 22222222-2222-2222-2222-222222222222
    akv-injector.io/template.app-1.conf: '\${a_b}' # wrong
    akv-injector.io/template.app_2: '\${a_b}' # wrong
    akv-injector.io/none-such: x # wrong
    akv-injector.io/refresh: 5m
spec:
  initContainers:
    - name: init.1 # wrong
      volumeMounts: [{ name: akv-injector-files, mountPath: /a }]
  containers:
    - name: web
    - name: app_2 # wrong
      volumeMounts: [{ name: akv-injector-files, mountPath: /a }]
  volumes:
    - name: kv
      emptyDir: {}
    - name: akv-injector-env # wrong
      emptyDir: {}
`,
} as const

for (const [what, text] of Object.entries(cases))
  t.test(`each finding is at its line: ${what}`, async (t) => {
    const { marked, found } = await lines(text)
    t.ok(marked.length > 0)
    t.strictSame(found, marked)
  })

t.test('a pod template is looked at where it is', async (t) => {
  const { marked, found } = await lines(`
kind: Deployment
apiVersion: apps/v1
metadata: { name: web }
spec:
  template:
    metadata:
      annotations:
        akv-injector.io/vault: team-a
        akv-injector.io/secrets: a
        akv-injector.io/client-id: 22222222-2222-2222-2222-222222222222
        akv-injector.io/refresh: 5 # wrong
    spec:
      containers: [{ name: web }]
`)
  t.equal(marked.length, 1)
  t.strictSame(found, marked)
})

t.test(
  'a part that the object does not have has the position of what it would be in',
  async (t) => {
    const { found } = await lines(`
kind: SecretProviderClass
apiVersion: secrets-store.csi.x-k8s.io/v1
metadata: { name: kv }
spec:
  provider: azure
  parameters: { keyvaultName: team-a, tenantID: 33333333-3333-3333-3333-333333333333 }
`)
    t.strictSame(found, [7])
  },
)

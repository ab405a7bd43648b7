import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { podText, run } from '../run.ts'

const objects = { vault: 'team-a', secrets: 'db-password' }
const env = { AKV_INJECTOR_AGENT_IMAGE: 'registry.example/akv-injector:1' }

t.test('prints every document, the pods with everything added', async (t) => {
  const { code, stdout, stderr } = await run(['inject', 'manifests/examples/refresh.yaml'], { env })
  t.equal(code, 0)
  t.equal(stderr, '')
  const [serviceAccount, deployment, ...more] = parseAllDocuments(stdout).map((one) => one.toJS())
  t.equal(more.length, 0)
  t.equal(serviceAccount.kind, 'ServiceAccount')
  const { spec } = deployment.spec.template
  t.match(spec.initContainers, [
    { name: 'akv-injector', image: 'registry.example/akv-injector:1', restartPolicy: 'Always' },
  ])
  t.match(spec.containers[0].volumeMounts, [{ name: 'akv-injector-files', readOnly: true }])
  t.match(stdout, '# A Deployment with environment variables', 'comments stay')
  t.match(stdout, 'matchLabels: { app: web }', 'spelling too')
})

t.test('what it printed would be left as it is', async (t) => {
  const { stdout } = await run(['inject', 'manifests/examples/refresh.yaml'], { env })
  t.match(await run(['check', '-'], { env, input: stdout }), {
    code: 0,
    stdout: /everything asked for is there already/,
  })
})

t.test('scalars keep their spelling, and their meaning to kubectl', async (t) => {
  const input = `# keep me
kind: Pod
metadata:
  name: web
  annotations: { akv-injector.io/vault: team-a, akv-injector.io/secrets: db }
spec:
  volumes:
    - name: keys # mode is octal
      secret: { secretName: k, defaultMode: 0400 }
  containers:
    - name: app
      env: [{ name: SINCE, value: "2026-01-01" }]
`
  const { stdout } = await run(['inject', '-'], { env, input })
  t.match(stdout, /# keep me[\s\S]*- name: keys # mode is octal\n.*defaultMode: 0400/)
  t.match(stdout, 'value: "2026-01-01"')
})

t.test('an anchor shared by two containers is not changed twice', async (t) => {
  const input = `kind: Pod
metadata:
  name: web
  annotations: { akv-injector.io/vault: team-a, akv-injector.io/env: db, akv-injector.io/containers: app }
spec:
  containers:
    - name: app
      env: &shared [{ name: A, value: "1" }]
    - name: other
      env: *shared
`
  const { stdout } = await run(['inject', '-'], { env, input })
  const [app, other] = parseAllDocuments(stdout)[0]?.toJS().spec.containers ?? []
  t.match(app.env, [{ name: 'DB' }, { name: 'A' }])
  t.strictSame(other.env, [{ name: 'A', value: '1' }])
})

t.test('if a pod would be denied nothing is printed but why', async (t) => {
  const input = `${podText(objects)}\n---\n${podText({ ...objects, refresh: 'x' })}`
  t.match(await run(['inject', '-'], { env, input }), {
    code: 1,
    stdout: '',
    stderr: /Pod\/web \(standard input\): would be denied\n +akv-injector.io\/refresh "x"/,
  })
})

t.test('an image that nobody set is pointed out', async (t) => {
  t.match(await run(['inject', '-'], { input: podText(objects) }), {
    code: 0,
    stderr: /AKV_INJECTOR_AGENT_IMAGE is not set/,
  })
})

t.test('JSON stays JSON, and misplaced annotations are pointed out', async (t) => {
  const { code, stdout } = await run(['inject', '-'], { env, input: podText(objects) })
  t.equal(code, 0)
  t.match(JSON.parse(stdout), { spec: { initContainers: [{ name: 'akv-injector' }] } })
  const { metadata, spec } = JSON.parse(podText(objects))
  const input = JSON.stringify({ kind: 'Deployment', metadata, spec: { template: { spec } } })
  t.match(await run(['inject', '-'], { env, input }), {
    stderr: /does nothing; it belongs under spec.template/,
  })
})

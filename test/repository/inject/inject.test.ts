import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { podText, run } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const objects = { vault: 'team-a', secrets: 'db-password' }
const env = { AKV_INJECTOR_AGENT_IMAGE: 'registry.example/akv-injector:1' }

t.test('inject prints every document, and the pods with everything added', async (t) => {
  const { code, stdout, stderr } = await run(['inject', 'manifests/examples/refresh.yaml'], { env })
  t.equal(code, 0)
  t.equal(stderr, '')
  const [serviceAccount, deployment, ...more] = parseAllDocuments(stdout).map((document) =>
    document.toJS(),
  )
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

t.test('check finds nothing to add to what inject printed', async (t) => {
  const { stdout } = await runInProcess(['inject', 'manifests/examples/refresh.yaml'], { env })
  t.match(await runInProcess(['check', '-'], { env, input: stdout }), {
    code: 0,
    stdout: /everything that it requests is there already/,
  })
})

t.test('scalars keep their spelling, and their meaning for kubectl', async (t) => {
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
  const { stdout } = await runInProcess(['inject', '-'], { env, input })
  t.match(stdout, /# keep me[\s\S]*- name: keys # mode is octal\n.*defaultMode: 0400/)
  t.match(stdout, 'value: "2026-01-01"')
})

t.test('inject prints only the reason if a pod would be denied', async (t) => {
  const input = `${podText(objects)}\n---\n${podText({ ...objects, refresh: 'x' })}`
  t.match(await run(['inject', '-'], { env, input }), {
    code: 1,
    stdout: '',
    stderr: /Pod\/web \(standard input\): would be denied\n +akv-injector.io\/refresh "x"/,
  })
})

t.test('inject says if no image of the agent is set', async (t) => {
  t.match(await runInProcess(['inject', '-'], { input: podText(objects) }), {
    code: 0,
    stderr: /AKV_INJECTOR_AGENT_IMAGE is not set/,
  })
})

t.test('JSON stays JSON, and inject warns of misplaced annotations', async (t) => {
  const { code, stdout } = await runInProcess(['inject', '-'], { env, input: podText(objects) })
  t.equal(code, 0)
  t.match(JSON.parse(stdout), { spec: { initContainers: [{ name: 'akv-injector' }] } })
  const { metadata, spec } = JSON.parse(podText(objects))
  const input = JSON.stringify({ kind: 'Deployment', metadata, spec: { template: { spec } } })
  t.match(await runInProcess(['inject', '-'], { env, input }), {
    stderr: /does nothing here, .*; move it to spec.template/,
  })
})

/** A pod to inject, without its final newline. */
const pod = `kind: Pod
metadata:
  name: web
  annotations:
    akv-injector.io/vault: team-a
    akv-injector.io/secrets: db
spec:
  containers:
  - name: app`

/** The lines of the text before, in order, that are missing in the text after. */
function lostLines(before: string, after: string): readonly string[] {
  const rest = after.split('\n')
  return before.split('\n').filter((line) => {
    const found = rest.indexOf(line)
    if (found !== -1) rest.splice(0, found + 1)
    return found === -1
  })
}

t.test('documents without a pod to inject stay byte for byte', async (t) => {
  const others = [
    '# licence\n\n%YAML 1.1\n# about\n---   # first\nkind:   ConfigMap\ndata: {a: [1,2,  3]}   \n   \n...\n',
    '---\r\nkind: Service\r\nspec:\r\n      ports:\r\n      - port: 80 \t\r\n# after\r\n',
    '--- !!map\na: >\n   folded\n   text\nb: |+\n  x\n\n\n',
    '---\n---\n# only a comment\n---\nlast: "no newline"  # x',
    '{ "kind": "ConfigMap",\n\t"data": {"n": 12345678901234567890} }',
    'kind: List\nitems:\n- {kind: Service}\n-   kind: ServiceAccount\n    x: !custom 1\n',
    '\uFEFFkind: ConfigMap\n',
    '',
  ]
  for (const input of others) {
    const { code, stdout } = await runInProcess(['inject', '-'], { env, input })
    t.match({ code, stdout }, { code: 0, stdout: input })
  }
  const before = '# licence\n---\nkind:   ConfigMap   # x\n\n\n# the pod\n---\n'
  const after = '\n# after\n---\n# about\nkind:  Service\n...\n'
  const { stdout } = await runInProcess(['inject', '-'], { env, input: `${before}${pod}${after}` })
  t.ok(stdout.startsWith(`${before}kind: Pod\n`))
  t.ok(stdout.endsWith(after))
  t.equal(stdout.match(/# (licence|the pod|after|about)/g)?.length, 4, 'no comment twice')
})

t.test('a document with a pod keeps the indentation of its source', async (t) => {
  const sources = {
    'two spaces, lists at their key': pod,
    'two spaces, lists indented': `${pod.slice(0, pod.indexOf('spec:'))}spec:\n  containers:\n    - name: app # c\n      args: [ a, "b" ]\n`,
    'four spaces': `${pod.slice(0, pod.indexOf('spec:')).replaceAll('  ', '    ')}spec:\n    # the app\n    containers:\n        - name: app\n          resources: {limits: {cpu: '1'}}\n`,
    'without a final newline, after a marker': `--- \n${pod}`,
    'from Windows': `# c\n---\n${pod}\n`.replaceAll('\n', '\r\n'),
  }
  for (const [name, input] of Object.entries(sources)) {
    const { code, stdout } = await runInProcess(['inject', '-'], { env, input })
    t.equal(code, 0, name)
    t.strictSame(lostLines(input, stdout), [], name)
    const unix = stdout.replaceAll('\r\n', '\n')
    if (input.includes('\r')) t.equal(unix.length, stdout.length - stdout.split('\n').length + 1)
    t.match(
      parseAllDocuments(unix).at(-1)?.toJS(),
      { spec: { initContainers: [{ name: 'akv-injector' }] } },
      name,
    )
  }
})

t.test('a List keeps the items that have no pod to inject', async (t) => {
  const items = `kind: List\nitems:\n- kind: Service # s\n- ${pod.replaceAll('\n', '\n  ')}\n`
  const { stdout } = await runInProcess(['inject', '-'], { env, input: items })
  t.strictSame(lostLines(items, stdout), [])
})

t.test('inject changes only the lines that it adds, however the author writes', async (t) => {
  const input = `# about
apiVersion:   apps/v1
kind: Deployment     # web
metadata: {name: 'web',   "labels": { a: b, }}
spec:
    template:
        metadata:
            annotations:   # ours
                akv-injector.io/vault:    "team-a"
                akv-injector.io/secrets: >-
                  db,
                  api-key
                "akv-injector.io/env": 'TOKEN=token'

        spec:
            containers:
            # the app
            - name: app
              args: ["-c",
                 "exec app"]   # all
              command:   [sh]
              env:
              - {name: A, value: &a "1"}
              - { "name": B, value: *a }
              livenessProbe: &probe
                  exec: {command: [ "true" ]}
              readinessProbe: *probe
              script: |2-
                  a

            - image: sidecar
              name:  sidecar
              # without mounts
            volumes:
            - name: tmp
              emptyDir: {}   # small

# end`
  const { code, stdout } = await runInProcess(['inject', '-'], { env, input })
  t.equal(code, 0)
  t.strictSame(lostLines(input, stdout), [])
  const [before, after] = [input, stdout].map((text) => parseAllDocuments(text)[0]?.toJS())
  t.equal(
    after.spec.template.spec.containers[0].script,
    before.spec.template.spec.containers[0].script,
  )
  t.equal(stdout.slice(-5), '# end')
})

t.test('strings that kubectl would read as something else stay strings', async (t) => {
  const input = `${pod}
    env: &shared [{ name: A, value: "yes" }, { name: B, value: "0400" }]
  - name: other
    env: *shared
`
  const { stdout } = await runInProcess(['inject', '-'], { env, input })
  const [document] = parseAllDocuments(stdout, { version: '1.1' })
  t.strictSame(document?.toJS().spec.containers[1].env, [
    { name: 'A', value: 'yes' },
    { name: 'B', value: '0400' },
  ])
})

t.test('inject joins several files to one stream of documents', async (t) => {
  const folder = t.testdir({
    'a.yaml': 'a: 1',
    'b.yaml': '# b\n---\nb: 1\n',
    'c.yaml': '%YAML 1.1\n---\nc: 1\n',
    'd.json': '{"d":1}',
    'latin-1.yaml': Buffer.from('a: \xe9', 'latin1'),
  })
  const files = ['a.yaml', 'b.yaml', 'c.yaml', 'd.json'].map((name) => `${folder}/${name}`)
  t.match(await runInProcess(['inject', ...files], { env }), {
    code: 0,
    stdout: 'a: 1\n# b\n---\nb: 1\n...\n%YAML 1.1\n---\nc: 1\n---\n{"d":1}',
  })
  t.match(await runInProcess(['inject', `${folder}/latin-1.yaml`], { env }), {
    code: 2,
    stderr: /latin-1.yaml: is not valid UTF-8/,
  })
})

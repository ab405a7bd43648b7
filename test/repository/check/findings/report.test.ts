import t from 'tap'
import { podText, run } from '../../../support/run-command-line.ts'
import { runInProcess } from '../../../support/run-in-process.ts'

const clientId = '22222222-2222-2222-2222-222222222222'
const good = podText({ vault: 'team-a', secrets: 'x', 'client-id': clientId })
const denied = podText({ vault: 'team-a', secrets: 'x', refresh: '5' })
/** A pod with a warning. */
const warned = podText({
  vault: 'team-a',
  env: 'X=x',
  'mount-path': '/a',
  'client-id': clientId,
})

const check = (args: readonly string[], input = '') => runInProcess(['check', ...args], { input })
const lastLine = (text: string) => text.trimEnd().split('\n').at(-1)

t.test('files, folders and -f are read, and the last line has the sums', async (t) => {
  const folder = t.testdir({
    'a.yaml': good,
    '.b.yaml': denied,
    below: { 'c.yaml': `${denied}\n---\nkind: Service\n---\nkind: ServiceAccount\n` },
  })
  const { code, stdout, stderr } = await check([folder, '-f', '-', '-f', 'README.md'], warned)
  t.equal(code, 2, 'the README isn’t a manifest')
  t.equal(
    lastLine(stdout),
    '3 files, 3 pods checked, 2 problems, 1 warning, 1 object not looked at',
  )
  t.match(stderr, /^akv-injector: README\.md:\d+:\d+: /)
  t.notMatch(stderr, '.b.yaml', 'hidden files aren’t mentioned')
  t.match(await check(['-f', `${folder}/a.yaml`]), { code: 0, stderr: '' })
  t.match(await run(['check']), { code: 2, stderr: /missing required argument 'file'/ })
})

t.test('a broken file doesn’t hide the problems of others, and exits with 2', async (t) => {
  const folder = t.testdir({
    'a.yaml': 'apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\na: [',
    'b.yaml': denied,
    'c.yaml': '{{ x',
  })
  const { code, stdout, stderr } = await check([folder, `${folder}/c.yaml`, `${folder}/none.yaml`])
  t.equal(code, 2)
  t.match(stdout, 'Pod/web')
  t.match(
    stderr,
    /a\.yaml:3:5: .*\n.*c\.yaml:1:1: is a template; .*\n.*none\.yaml: no such file\n$/,
  )
  t.equal(
    lastLine(stdout),
    '1 file, 1 pod checked, 4 problems, 0 warnings, 0 objects not looked at',
  )
})

t.test('--strict exits with 1 for warnings', async (t) => {
  t.equal((await check(['-'], warned)).code, 0)
  t.equal((await check(['-', '--strict'], warned)).code, 1)
  t.equal((await check(['-', '--strict'], good)).code, 0)
})

t.test('--quiet prints only what makes the exit code other than 0', async (t) => {
  const all = [good, warned, denied].join('\n---\n')
  t.strictSame(await check(['-', '--quiet'], good), { code: 0, stdout: '', stderr: '' })
  t.strictSame(await check(['-', '--quiet'], '---\n'), { code: 0, stdout: '', stderr: '' })
  const { stdout } = await check(['-', '--quiet'], all)
  t.match(
    stdout,
    /^Pod\/web \(standard input\): would be denied\n {2}problem: line 5: akv-injector.io\/refresh .*\n$/,
  )
  const strict = await check(['-', '--quiet', '--strict'], all)
  t.match(
    strict.stdout,
    /^Pod\/web \(standard input\): would be injected\n {2}warning: line 3: akv/,
  )
})

t.test('colours are for terminals, and NO_COLOR and FORCE_COLOR decide', async (t) => {
  const printed = (env: Readonly<Record<string, string>>) =>
    run(['check', '-'], { input: denied, env: { NO_COLOR: '', FORCE_COLOR: '', ...env } })
  const start = '\u001b['
  t.notMatch((await run(['check', '-'], { input: denied })).stdout, start)
  t.match((await printed({ FORCE_COLOR: '1' })).stdout, start)
  t.notMatch((await run(['check', '-'], { input: denied, env: { NO_COLOR: '1' } })).stdout, start)
  const evil = podText({ vault: '\u001b[2J' })
  const { stdout } = await run(['check', '-'], { input: evil, env: { FORCE_COLOR: '1' } })
  t.notMatch(stdout, '\u001b[2J', 'and what a manifest contains controls no terminal')
})

t.test('a message names the line of its annotation, volume or container', async (t) => {
  const input = `# a comment
apiVersion: v1
kind: List
items:
  - kind: Pod
    metadata:
      name: web
      annotations:
        akv-injector.io/vault: team-a
        akv-injector.io/secrets: |
          x
          a_b
        akv-injector.io/secretes: x
        "akv-injector.io/template.a.conf": \${b_c}
    spec:
      containers:
        - name: app
          volumeMounts:
            - { name: x, mountPath: /mnt/secrets-store }
`
  const { stdout } = await check(['-'], input)
  for (const [line, message] of [
    [10, 'akv-injector.io/secrets, entry "a_b"'],
    [13, 'akv-injector.io/secretes: unknown annotation'],
    [14, 'akv-injector.io/template.a.conf'],
  ])
    t.match(stdout, `  problem: line ${line}: ${message}`)
  const mounted = input.replace('          a_b\n', '').replace(/.*secretes.*\n.*template.*\n/, '')
  t.match(
    (await check(['-'], mounted)).stdout,
    '  problem: line 14: container app, mount at /mnt/sec',
  )
})

t.test(
  'objects without a pod template are one line, unless a user could expect more of one',
  async (t) => {
    const of = (apiVersion: string, kind: string, annotations = {}) =>
      JSON.stringify({ apiVersion, kind, metadata: { name: 'a', annotations } })
    const input = [
      of('v1', 'Service'),
      of('networking.k8s.io/v1', 'Ingress'),
      of('helm.toolkit.fluxcd.io/v2', 'HelmRelease'),
      of('v1', 'ConfigMap', { 'akv-injector.io/vault': 'x' }),
      of('v1', 'ServiceAccount'),
      'just: data',
      denied,
    ].join('\n---\n')
    t.match((await check(['-'], input)).stdout.split('\n'), [
      'ConfigMap/a (standard input): not looked at: its akv-injector.io annotations do nothing, because it has no pod template',
      '',
      'Pod/web (standard input): would be denied',
      / {2}problem: line 13: /,
      '',
      '4 objects without a pod template: 1 HelmRelease, 1 Ingress, 1 Service, 1 without a kind',
      '1 file, 1 pod checked, 1 problem, 0 warnings, 5 objects not looked at',
      '',
    ])
  },
)

t.test('an object with several pod templates has a line for each', async (t) => {
  const { metadata, spec } = JSON.parse(good)
  const template = { metadata: { annotations: metadata.annotations }, spec }
  const input = JSON.stringify({
    apiVersion: 'ray.io/v1',
    kind: 'RayCluster',
    metadata: { name: 'a' },
    spec: { headGroupSpec: { template }, workerGroupSpecs: [{ template: { spec } }] },
  })
  const { stdout } = await check(['-'], input)
  t.match(stdout, 'RayCluster/a, spec.headGroupSpec.template (standard input): would be injected')
  t.match(stdout, 'RayCluster/a, spec.workerGroupSpecs.0.template (standard input): not injected')
})

t.test('a container of a Knative Service needs no name', async (t) => {
  const { metadata } = JSON.parse(good)
  const service = (apiVersion: string, containers: readonly object[]) =>
    JSON.stringify({
      apiVersion,
      kind: 'Service',
      spec: { template: { metadata, spec: { containers } } },
    })
  const names = async (containers: readonly object[]) =>
    (await check(['-'], service('serving.knative.dev/v1', containers))).stdout
  t.match(await names([{ image: 'x' }]), /containers user-container\n/)
  t.match(
    await names([{}, { name: 'b' }, {}]),
    /containers user-container-0, b, user-container-2\n/,
  )
  t.match(await check(['-'], service('example.org/v1', [{ image: 'x' }])), {
    code: 1,
    stdout: /spec\.containers\[0\]\.name is missing/,
  })
})

const classText = (name: string, secretName: string) =>
  JSON.stringify({
    kind: 'SecretProviderClass',
    metadata: { name },
    spec: {
      provider: 'azure',
      parameters: { keyvaultName: 'team-a', objects: '[{ objectName: db, objectType: secret }]' },
      secretObjects: [{ secretName, type: 'Opaque', data: [{ objectName: 'db', key: 'db' }] }],
    },
  })

t.test('two classes that request the same Secret are told', async (t) => {
  const account = JSON.stringify({ kind: 'ServiceAccount', metadata: { name: 'web' } })
  for (const accounts of [[], [account], [account, account.replace('web', 'other')]]) {
    const all = (second: string) =>
      [classText('b', 'app'), classText('a', second), ...accounts].join('\n---\n')
    t.equal((await check(['-'], all('other'))).code, 0)
    const { code, stdout } = await check(['-'], all('app'))
    t.equal(code, 1)
    t.match(
      stdout,
      /SecretProviderClass\/b \(standard input\): would be served, but its Secrets would not be synced\n(?: {2}\S.*\n)*? {2}problem: Secret app: SecretProviderClass a, which is older or first by name, requests it too; rename one\n/,
    )
    t.match(stdout, 'SecretProviderClass/a (standard input): would be served\n')
  }
  const again = [classText('a', 'app'), classText('a', 'app')].join('\n---\n')
  t.equal((await check(['-'], again)).code, 0, 'kubectl apply replaces an object of the same name')
})

t.test('two accounts that request the same Secret are told', async (t) => {
  const account = (name: string) =>
    JSON.stringify({
      kind: 'ServiceAccount',
      metadata: {
        name,
        annotations: { 'akv-injector.io/sync': '- { secret: db, data: "team-a:x" }' },
      },
    })
  const { code, stdout } = await check(['-'], [account('a'), account('b')].join('\n---\n'))
  t.equal(code, 1)
  t.match(stdout, /ServiceAccount\/b .*: would be synced\n/)
  t.match(
    stdout,
    '  problem: Secret db: ServiceAccount/a (standard input) requests it too, and a Secret belongs to one account; rename one',
  )
  t.equal((await check(['-'], [account('a'), account('a')].join('\n---\n'))).code, 0)
})

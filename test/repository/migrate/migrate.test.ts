import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments, stringify } from 'yaml'
import { withoutHelm } from '../../manifests/helm.ts'
import { programPath } from '../../support/needs/without.ts'
import { root } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { program } from '../../support/start-fast/bundles.ts'

const shop = readFileSync(join(root, 'test/fixtures/migrate/shop.yaml'), 'utf8')
const migrate = async (input: string, ...args: readonly string[]) =>
  await runInProcess(['migrate', '-', ...args], { input })
const objectsIn = (text: string) => parseAllDocuments(text).map((document) => document.toJS())

t.test(
  'volumes become annotations, comments stay, and other documents stay byte for byte',
  async (t) => {
    const { code, stdout, stderr } = await migrate(shop)
    t.equal(code, 0)
    t.equal(stdout, readFileSync(join(root, 'test/fixtures/migrate/shop-migrated.yaml'), 'utf8'))
    t.equal(
      stderr,
      'ServiceAccount/web: Secret sync needs it enabled in namespace shop (akv-injector rbac prints the Role)\n',
    )
    const checked = await runInProcess(['check', '-'], { input: stdout })
    t.equal(checked.code, 0)
    t.match(checked.stdout, 'Deployment/web (standard input): would be injected')
    t.match(checked.stdout, 'Secret     app (Opaque, app=web): password \u2190 team-a:db')
  },
)

const pod = (spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', ...metadata },
  spec: {
    serviceAccountName: 'web',
    containers: [container('app')],
    volumes: [volume('kv')],
    ...spec,
  },
})
const container = (
  name: string,
  mounts: readonly object[] = [{ name: 'kv', mountPath: '/kv' }],
) => ({
  name,
  image: 'app',
  volumeMounts: mounts,
})
const volume = (name: string, secretProviderClass = 'kv') => ({
  name,
  csi: { driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass } },
})
const classOf = (spec: object = {}, parameters: object = {}, name = 'kv') => ({
  apiVersion: 'secrets-store.csi.x-k8s.io/v1',
  kind: 'SecretProviderClass',
  metadata: { name },
  spec: {
    provider: 'azure',
    parameters: {
      clientID: '22222222-2222-2222-2222-222222222222',
      keyvaultName: 'team-a',
      objects: '- { objectName: db, objectType: secret }\n',
      ...parameters,
    },
    ...spec,
  },
})
const text = (...objects: readonly object[]) =>
  objects.map((object) => stringify(object)).join('---\n')

t.test('every workload is rewritten, also in a List', async (t) => {
  const { metadata: _, ...template } = pod()
  const workload = (kind: string) => ({
    kind,
    metadata: { name: 'w' },
    spec: kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template },
  })
  const kinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicaSet']
  const list = { kind: 'List', items: [classOf(), ...kinds.map(workload), { kind: 'Service' }] }
  const { code, stdout, stderr } = await migrate(text(list))
  t.match({ code, stderr }, { code: 0, stderr: '' })
  const [result] = objectsIn(stdout)
  t.strictSame(
    result.items.map(({ kind }: { kind: string }) => kind),
    [...kinds, 'Service'],
  )
  t.equal(stdout.match(/akv-injector.io\/mount-path: \/kv/g)?.length, kinds.length)
  t.notMatch(stdout, 'csi')
  const asJson = await migrate(JSON.stringify(list, null, 2))
  t.strictSame(JSON.parse(asJson.stdout), result)
})

t.test('containers that don’t mount the volume get no files', async (t) => {
  const containers = [container('app'), container('proxy', [])]
  const { stdout } = await migrate(text(classOf(), pod({ containers })))
  t.match(objectsIn(stdout)[0].metadata.annotations, { 'akv-injector.io/containers': 'app' })
})

t.test('a slash at the end of a mount path is left out', async (t) => {
  const containers = ['/kv/', '/kv'].map((mountPath, i) =>
    container(`app${i}`, [{ name: 'kv', mountPath }]),
  )
  const { stdout, stderr } = await migrate(text(classOf(), pod({ containers })))
  t.equal(stderr, '')
  t.match(objectsIn(stdout)[0].metadata.annotations, { 'akv-injector.io/mount-path': '/kv' })
  const other = text(
    classOf(),
    pod({ containers: [container('a', [{ name: 'kv', mountPath: '/' }])] }),
  )
  t.match(await migrate(other), { code: 0, stdout: other, stderr: /mount-path "\/": expected/ })
})

t.test('a class whose pods are elsewhere stays', async (t) => {
  const input = text(classOf())
  t.strictSame(await migrate(input), {
    code: 0,
    stdout: input,
    stderr:
      'SecretProviderClass/kv (standard input): stays as it is: no pod of these files has a volume of it\n',
  })
})

t.test('migrate keeps what annotations can’t express, byte for byte', async (t) => {
  const mount = { name: 'kv', mountPath: '/kv' }
  for (const [workload, reason] of [
    [pod({ volumes: [volume('kv'), volume('other')] }), /it has several volumes of the driver/],
    [pod({ containers: [container('app', [])] }), /no container mounts its volume/],
    [
      pod({ containers: [container('app', [{ ...mount, subPath: 'db' }])] }),
      /a container mounts a subPath/,
    ],
    [
      pod({ containers: [container('app'), container('b', [{ ...mount, mountPath: '/b' }])] }),
      /its volume is mounted at \/kv and at \/b/,
    ],
    [
      pod({}, { annotations: { 'akv-injector.io/vault': 'team-b' } }),
      /it has akv-injector.io\/vault already/,
    ],
    [
      pod({ volumes: [volume('kv', 'gone')] }),
      /SecretProviderClass gone: is not among these files/,
    ],
  ] as const) {
    const input = text(classOf(), workload)
    const { code, stdout, stderr } = await migrate(input)
    t.equal(code, 0)
    t.equal(stdout, input)
    t.match(stderr, reason)
    t.match(stderr, 'Pod/web (standard input): stays as it is: ')
  }
})

t.test('a class that one pod still needs stays', async (t) => {
  const other = pod({ containers: [container('app', [])] }, { name: 'other' })
  const { stdout, stderr } = await migrate(text(classOf(), pod(), other))
  t.match(objectsIn(stdout), [
    { kind: 'SecretProviderClass' },
    { metadata: { annotations: { 'akv-injector.io/vault': 'team-a' } } },
    { metadata: { name: 'other' } },
  ])
  t.match(
    stderr,
    'SecretProviderClass/kv (standard input): stays as it is: Pod/other still needs it',
  )
})

t.test(
  'the settings of the agent are kept, and those of the administrator are written down',
  async (t) => {
    const annotations = {
      'akv-injector.io/timeout': '5m',
      'akv-injector.io/client-id': '44444444-4444-4444-4444-444444444444',
    }
    const { stdout } = await runInProcess(['migrate', '-'], {
      input: text(classOf(), pod({}, { annotations })),
      env: { AKV_INJECTOR_CSI_REFRESH: '2m' },
    })
    t.strictSame(objectsIn(stdout)[0].metadata.annotations, {
      ...annotations,
      'akv-injector.io/vault': 'team-a',
      'akv-injector.io/objects': '- { objectName: db, objectType: secret }\n',
      'akv-injector.io/mount-path': '/kv',
      'akv-injector.io/refresh': '120s',
    })
  },
)

const secretObjects = (more: object = {}) => [
  { secretName: 'app', data: [{ objectName: 'db', key: 'password' }], ...more },
]
const account = (name: string, annotations = {}) => ({
  kind: 'ServiceAccount',
  metadata: { name, annotations },
})

t.test('secretObjects go to the account that reads the class', async (t) => {
  const client = { 'azure.workload.identity/client-id': '22222222-2222-2222-2222-222222222222' }
  const named = {
    ...classOf({ secretObjects: secretObjects() }),
    metadata: { name: 'kv', annotations: { 'akv-injector.io/service-account': 'api' } },
  }
  for (const [given, accounts, chosen] of [
    [classOf({ secretObjects: secretObjects() }), [account('api'), account('web', client)], 'web'],
    [classOf({ secretObjects: secretObjects() }), [account('api')], 'api'],
    [named, [account('api'), account('web')], 'api'],
    [named, [], 'api'],
  ] as const) {
    const { stdout } = await migrate(text(given, ...accounts, pod()))
    const found = objectsIn(stdout)
    t.notOk(found.some(({ kind }) => kind === 'SecretProviderClass'))
    const { metadata } = found.find(({ metadata: { name } }) => name === chosen)
    t.match(metadata.annotations['akv-injector.io/sync'], '- secret: app\n  objects:\n')
    t.equal(found.length, Math.max(accounts.length, 1) + 1)
  }
})

const tlsData = ['tls.crt', 'tls.key'].map((key) => ({ objectName: 'db', key }))

t.test('a class whose Secrets no account can have stays, but its pods change', async (t) => {
  const other = { 'akv-injector.io/client-id': '44444444-4444-4444-4444-444444444444' }
  for (const [spec, accounts, reason] of [
    [
      { secretObjects: secretObjects() },
      [account('a'), account('b')],
      /: these files name a, b in namespace default, and all of them count as enabled/,
    ],
    [{ secretObjects: secretObjects() }, [account('a', other)], /has another client-id/],
    [
      { secretObjects: secretObjects() },
      [account('a', { 'akv-injector.io/vault': 'team-b' })],
      /has another vault/,
    ],
    [
      { secretObjects: secretObjects({ type: 'kubernetes.io/tls', data: tlsData }) },
      [],
      /parts of one certificate/,
    ],
    [
      { secretObjects: secretObjects({ secretName: 'Not_A_Name' }) },
      [],
      /expected the name of a Se/,
    ],
    [
      { secretObjects: secretObjects({ data: [{ objectName: 'x', key: 'k' }] }) },
      [],
      /the class has no such file/,
    ],
    [
      {
        parameters: {
          ...classOf().spec.parameters,
          objects: '[{ objectName: db, objectType: secret, objectVersionHistory: 2 }]',
        },
        secretObjects: secretObjects({ data: [{ objectName: 'db/1', key: 'before' }] }),
      },
      [],
      /its key before holds an older version of db, which annotations can't name/,
    ],
    [{ secretObjects: 7 }, [], /expected a list of Secrets/],
    [{ secretObjects: [null] }, [], /item 1: expected secretName and data/],
  ] as const) {
    const { code, stdout, stderr } = await migrate(text(classOf(spec), ...accounts, pod()))
    t.equal(code, 0)
    t.match(stderr, reason)
    t.match(stdout, 'kind: SecretProviderClass')
    t.match(stdout, 'akv-injector.io/mount-path: /kv')
  }
})

t.test('a template is refused, with its position', async (t) => {
  for (const [input, position] of [
    ['kind: Pod\n{{- if .Values.x }}\n', '2:1'],
    ['kind: {{ .Values.kind }}\n', '1:7'],
    ['a: |\n  {{ x }}\nimage: app:{{ .Values.tag }}\n', '3:12'],
    ['a: 1\n---\nb: text\n  more {{ .Release.Name }}\n', '4:8'],
    ['{{/* comment */}}\n', '1:1'],
  ] as const)
    t.match(await migrate(input), {
      code: 2,
      stdout: '',
      stderr: `akv-injector: standard input:${position}: is a template; render it first: helm template NAME CHART | akv-injector migrate -\n`,
    })
  for (const input of [
    'a: "{{ x }}"\n',
    "a: '{{ x }}'\n",
    'a: |-\n  {{ x }}\n\n  {{ y }}\nb: > # {{ z }}\n  {{ y }}\n',
    '# {{ x }}\na: { b: { c: d } }\n',
    'a: 1\n---\nb: text\n  more {{ x }}\n',
    'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\na: web-{{ .Values.x }}\n',
  ])
    t.strictSame(await migrate(input), { code: 0, stdout: input, stderr: '' })
})

t.test('migrate removes a class anywhere in a file without a trace', async (t) => {
  const gone = text(classOf())
  const kept = '# kept\nkind: ConfigMap\nmetadata: {name:   c}\n'
  const web = text(pod())
  const { stdout: changed } = await migrate(`${gone}---\n${web}`)
  for (const [input, expected] of [
    [`${kept}---\n${gone}---\n${web}`, `${kept}${changed}`],
    [`---\n${gone}---\n${kept}---\n${web}`, `---\n${kept}${changed}`],
    [`${kept}---\n${web}---\n${gone}`, `${kept}${changed}`],
    [`%YAML 1.1\n---\n${gone}...\n---\n${kept}---\n${web}`, undefined],
    [`${kept}--- # gone\n${gone}--- # web\n${web}`, undefined],
    [
      `${kept.replaceAll('\n', '\r\n')}---\r\n${gone.replaceAll('\n', '\r\n')}---\n${web}`,
      undefined,
    ],
  ] as const) {
    const { code, stdout } = await migrate(input)
    t.equal(code, 0)
    if (expected !== undefined) t.equal(stdout, expected)
    t.notMatch(stdout, 'SecretProviderClass')
    t.strictSame(
      objectsIn(stdout)
        .filter(Boolean)
        .map(({ kind }) => kind),
      ['ConfigMap', 'Pod'],
    )
  }
})

t.test(
  'aliases are written out, because a change in one member must not change others',
  async (t) => {
    const input = `${text(classOf())}---
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: app
      volumeMounts: &mounts
        - { name: kv, mountPath: /kv }
        - { name: tmp, mountPath: /tmp }
    - name: other
      volumeMounts: *mounts
  volumes:
    - { name: tmp, emptyDir: {} }
    - ${JSON.stringify(volume('kv'))}
`
    const { code, stdout } = await migrate(input)
    t.equal(code, 0)
    for (const { volumeMounts } of objectsIn(stdout)[0].spec.containers)
      t.strictSame(volumeMounts, [{ name: 'tmp', mountPath: '/tmp' }])
  },
)

t.test('aliases that multiply are refused', async (t) => {
  const lines = [...'bcdefghi'].map(
    (name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]}, `.repeat(10)}]`,
  )
  t.match(await migrate(`kind: Pod\na: &a [x]\n${lines.join('\n')}\n`), { code: 2, stdout: '' })
})

t.test('a manifest of anything else has an answer, and steers no terminal', async (t) => {
  const evil = '\u001b[2J\u202e'
  for (const input of [
    text(classOf({}, {}, evil), pod({ volumes: [volume('kv', evil)] }, { name: evil })),
    text(classOf({ secretObjects: secretObjects({ secretName: evil }) }), pod()),
    text(classOf(), pod({ containers: [container('app', [{ name: 'kv', mountPath: evil }])] })),
    text(classOf(), pod({ serviceAccountName: 7 })),
    text(classOf(), pod({}, { annotations: { 'akv-injector.io/refresh': 120 } })),
    'kind: SecretProviderClass\nspec: [x]\n---\nkind: Pod\nspec: { volumes: {} }\n',
  ]) {
    const { code, stderr } = await migrate(input)
    t.equal(code, 0)
    t.notMatch(stderr, /[^\P{C}\n]/u)
  }
  t.equal((await migrate('')).stdout, '')
})

t.test('works as a post-renderer of Helm', { skip: withoutHelm }, async (t) => {
  const folder = t.testdir({
    'Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
    migrate: `#!/bin/sh\nexec "${process.execPath}" "${program}" migrate - --namespace shop\n`,
  })
  const renderer = join(folder, 'migrate')
  chmodSync(renderer, 0o755)
  mkdirSync(join(folder, 'templates'))
  const documents = text(classOf(), { ...pod(), spec: { ...pod().spec, nodeName: 'NODE' } })
  writeFileSync(
    join(folder, 'templates/app.yaml'),
    `{{- if true }}\n${documents.replace('NODE', '{{ .Values.node }}')}{{- end }}\n`,
  )
  const { status, stdout, stderr } = spawnSync(
    programPath('helm'),
    ['template', 'shop', folder, '--set', 'node=n1', '--post-renderer', renderer],
    { encoding: 'utf8' },
  )
  t.equal(stderr, '')
  t.equal(status, 0)
  t.match(objectsIn(stdout).filter(Boolean), [
    {
      kind: 'Pod',
      metadata: { annotations: { 'akv-injector.io/vault': 'team-a' } },
      spec: { nodeName: 'n1' },
    },
  ])
  const unrendered = readFileSync(join(folder, 'templates/app.yaml'), 'utf8')
  t.match(await migrate(unrendered), { code: 2, stderr: /:1:1: is a template; render it first/ })
})

import t from 'tap'
import {
  chartName,
  literalsIn,
  withGaps,
} from '../../../repository/input/placeholders/chart-gaps.ts'
import { findPlaceholders } from '../../../repository/input/placeholders/find-placeholders.ts'
import { without } from '../../support/needs/without.ts'
import { makeFolder } from '../../support/repository.ts'
import { checkRepository, clientId } from '../input/render/check-repository.ts'

const needsHelm = { skip: without('helm') }

/** A chart whose values leave the vault and the objects of its class empty. */
const chart = {
  'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'charts/web/values.yaml': 'vault:\nsecret: ""\n',
  'charts/web/templates/web.yaml': `apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: { name: "kv-{{ .Values.vault }}" }
spec:
  provider: azure
  parameters:
    keyvaultName: {{ .Values.vault }}
    clientID: ${clientId}
    objects: |
      array:
        - |
          objectName: {{ .Values.secret }}
          objectType: secret
        - |
          objectName: {{ .Values.secret | quote }}
          objectType: key
---
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers: [{ name: web, image: web, volumeMounts: [{ name: kv, mountPath: /kv }] }]
  volumes: [{ name: kv, csi: { driver: secrets-store.csi.k8s.io, volumeAttributes: { secretProviderClass: "kv-{{ .Values.vault }}" } } }]
`,
}

t.test('values that a chart leaves empty are one warning', needsHelm, async (t) => {
  const { code, stdout } = await checkRepository(t, chart)
  t.equal(code, 0, stdout)
  t.match(
    stdout,
    /^Pod\/web \(charts\/web \(rendered\)\): undecided without .*<objectName of chart charts.web>$/m,
  )
  t.match(stdout, '0 problems, 1 warning,')
  t.match(
    stdout,
    /warning: charts\/web \(rendered\):\d+: the chart's default values leave empty: (?:<\w+ of chart charts.web>, ){2}<\w+ of chart charts.web> \(used 5 times, here first\); pass others with --values FILE; undecided without it: /,
  )
  t.equal((await checkRepository(t, chart, { args: ['--strict'] })).code, 1)
})

t.test('each chart has its own warning', needsHelm, async (t) => {
  const long = '/deploy/charts/web-frontends-of-the-shop'
  const copies = ['a/helm', 'b/helm', `a${long}`, `b${long}`].flatMap((folder) =>
    Object.entries(chart).map(([path, text]) => [path.replace('charts/web', folder), text]),
  )
  const { stdout } = await checkRepository(t, Object.fromEntries(copies))
  t.match(stdout, 'leave empty: <name of chart a.helm>')
  t.match(stdout, 'leave empty: <name of chart b.helm>')
  t.match(stdout, '0 problems, 4 warnings,')
  for (const name of ['a', 'b'])
    t.match(
      stdout,
      new RegExp(
        `warning: ${name}${long} \\(rendered\\):\\d+: .* leave empty: <name of chart [\\da-f]{8}\\.web-frontends-of-the-shop>`,
      ),
    )
})

t.test('nothing is open where somebody gives values', needsHelm, async (t) => {
  const files = { ...chart, 'dev.txt': 'vault:\nsecret: db\n' }
  for (const values of ['dev.txt', 'charts/web=dev.txt']) {
    const { code, stdout } = await checkRepository(t, files, { args: ['--values', values] })
    t.equal(code, 1, stdout)
    t.match(stdout, 'SecretProviderClass/kv- (charts/web (rendered)): would not be served')
    t.notMatch(stdout, 'of chart')
  }
})

t.test('what is wrong all the same is a problem', needsHelm, async (t) => {
  const { code, stdout } = await checkRepository(t, {
    ...chart,
    'charts/web/templates/a.yaml': `apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: { name: a }
spec: { provider: azure, parameters: { keyvaultName: a_b, clientID: "", objects: "" } }
`,
  })
  t.equal(code, 1)
  t.match(stdout, 'parameters.keyvaultName "a_b"')
})

t.test('what no values can mend is a problem', needsHelm, async (t) => {
  for (const [name, vault, problem] of [
    ['a', '""', 'parameters.keyvaultName is missing'],
    ['a-', 'team-a', 'the name of a SecretProviderClass has'],
  ]) {
    const head = 'apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\n'
    const objects = `"array: ['{objectName: a, objectType: secret}']"`
    for (const text of [
      `metadata:\n  name: ${name}\nspec:\n  provider: azure\n  parameters:\n    keyvaultName: ${vault}\n    objects: ${objects}\n`,
      `metadata: { name: ${name} }\nspec: { provider: azure, parameters: { keyvaultName: ${vault}, objects: ${objects} } }\n`,
    ]) {
      const { code, stdout } = await checkRepository(t, {
        'web/Chart.yaml': chart['charts/web/Chart.yaml'],
        'web/templates/a.yaml': head + text,
      })
      t.equal(code, 1)
      t.match(stdout, `SecretProviderClass/${name} (`)
      t.match(stdout, problem)
      t.notMatch(stdout, 'of chart')
    }
  }
})

t.test('check ignores gaps in ExternalSecrets of other providers', needsHelm, async (t) => {
  const files = {
    'web/Chart.yaml': chart['charts/web/Chart.yaml'],
    'web/templates/a.yaml': `apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: { name: aws }
spec: { provider: { aws: { service: SecretsManager, region: eu-west-1 } } }
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: web }
spec:
  secretStoreRef: { name: aws }
  data: [{ secretKey: a, remoteRef: { key: "{{ .Values.key }}" } }]
`,
  }
  const { code, stdout } = await checkRepository(t, files, { args: ['--strict'] })
  t.equal(code, 0, stdout)
  t.notMatch(stdout, 'of chart')
})

t.test('what templates write without a value', (t) => {
  const found = literalsIn([
    'a: ""\n  - objectName:\nname: kv-\nname: {{ .Values.name }}-\n"clientID": \'\'\n',
    'vaultUrl: ""\nsecretName:\n  {{ .Values.b }}\ndata:\n- key: {{ .Values.a }}\nvaultUrl: "{{ .Values.url }}"\n',
  ])
  t.strictSame([...found].toSorted(), [
    'a: ',
    'clientID: ',
    'name: kv-',
    'objectName: ',
    'secretName: ',
  ])
  const inBraces = literalsIn([
    'spec: { provider: azure, parameters: { keyvaultName: "", clientID: {{ .Values.id }}, "name": kv- } }\n',
    'data: [{ objectName: \'\', key: }]\nspec: {\n  vaultUrl: "",\n  a: { b: "{{ .Values.b }}", secretKey: "a, secretName: b" },\n}\nclientID: ""\n',
  ])
  t.strictSame([...inBraces].toSorted(), [
    'key: ',
    'keyvaultName: ',
    'name: kv-',
    'objectName: ',
    'vaultUrl: ',
  ])
  t.end()
})

t.test('a hostile template is searched to its end', (t) => {
  for (const part of ['{', '{a:', ',a: "', ",a: '", ', a: {{', '{ ', '\t', 'a', '\n']) {
    const found = literalsIn([`${part.repeat(200_000)}\nclientID: ""\n`])
    t.ok(found.has('clientID: '), part)
  }
  t.end()
})

t.test('an empty value outside of charts is a problem', async (t) => {
  const { run } = makeFolder(t, {
    'a.yaml': `apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: { name: a }
spec: { provider: azure, parameters: { keyvaultName: "", objects: "array: ['{objectName: a, objectType: secret}']" } }
`,
  })
  const { code, stdout } = await run(['check'])
  t.equal(code, 1)
  t.match(stdout, 'parameters.keyvaultName is missing')
})

t.test('a placeholder is put only where something is missing', (t) => {
  const fill = (value: unknown, key: string, parent?: string) =>
    withGaps(value, { key, parent, chart: { name: 'web', literals: () => new Set() } })
  const gap = (key: string) => `<${key} of chart web>`
  for (const [value, key, filled] of [
    [null, 'keyvaultName', gap('keyvaultName')],
    [' ', 'clientID', gap('clientID')],
    ['', 'akv-injector.io/vault', gap('vault')],
    ['https://.vault.azure.net', 'vaultUrl', `https://${gap('vaultUrl')}.vault.azure.net`],
    ['kv-', 'name', `kv-${gap('name')}`],
    ['-kv', 'secretProviderClass', `${gap('name')}-kv`],
    ['array:\n', 'objects', `array:\n- |\n  objectName: ${gap('objects')}\n  objectType: secret\n`],
    [
      'array:\n- |\n  objectName:\n  objectType: key\n- |\n  objectName: ""\n',
      'objects',
      `array:\n- |\n  objectName: ${gap('objectName')}\n  objectType: key\n- |\n  objectName: ${gap('objectName')}\n`,
    ],
  ] as const)
    t.equal(fill(value, key), filled)
  t.equal(fill(null, 'data', 'secretObjects'), gap('data'))
  for (const [value, key] of [
    ...['data', 'serviceAccountName', 'objectVersion', 'tenantId'].map((key) => [null, key]),
    ['kv-a', 'name'],
    [' kv-a ', 'name'],
    ['a-', 'objectAlias'],
    [1, 'keyvaultName'],
    ['array:\n- |\n  objectName: a\n', 'objects'],
  ] as const)
    t.equal(fill(value, key ?? ''), value)
  t.end()
})

t.test('each placeholder has a form that is found, whatever the folder is called', (t) => {
  for (const folder of [
    '.',
    '/',
    'a b/ü',
    '../'.repeat(50),
    `charts/${'x'.repeat(1000)}`,
    '<>"\n',
  ]) {
    const text = withGaps('', {
      key: 'secretProviderClass',
      parent: undefined,
      chart: { name: chartName(folder), literals: () => new Set() },
    })
    t.strictSame(
      findPlaceholders(String(text)).map((found) => found.text),
      [text],
      folder,
    )
  }
  t.end()
})

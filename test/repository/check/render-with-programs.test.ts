import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findProgram } from '../../cluster/parts/find-program.ts'
import { without } from '../../support/needs/without.ts'
import { runInProcess } from '../../support/run-in-process.ts'

const find = (name: string) => findProgram({ env: process.env, name, cached: '' })
const helm = find('helm')
const kustomize = find('kustomize')
const kubectl = find('kubectl')

const clientId = '22222222-2222-2222-2222-222222222222'

/** Runs `check --render` in a folder, with only these programs on the PATH. */
async function check(
  t: Test,
  {
    files,
    programs,
    args = [],
  }: {
    readonly files: Parameters<Test['testdir']>[0]
    readonly programs: Readonly<Record<string, string | undefined>>
    readonly args?: readonly string[]
  },
) {
  const folder = t.testdir({ repository: files ?? {}, bin: {} })
  for (const [name, program] of Object.entries(programs))
    symlinkSync(program ?? '', join(folder, 'bin', name))
  const repository = join(folder, 'repository')
  const result = await runInProcess(
    ['check', '--render', repository, ...args.map((arg) => arg.replace('REPOSITORY', repository))],
    { env: { PATH: join(folder, 'bin'), AKV_INJECTOR_CSI: 'all' } },
  )
  const short = (text: string) => text.replaceAll(repository, 'R')
  return { code: result.code, stdout: short(result.stdout), stderr: short(result.stderr) }
}

const classText = (vault: string, more = '') =>
  `apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: { name: web }\nspec: { provider: azure, parameters: { keyvaultName: ${vault}${more} } }\n`

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: web, image: web }]
      volumes:
      - name: kv
        csi: { driver: secrets-store.csi.k8s.io, volumeAttributes: { secretProviderClass: web } }
`

const overlay = (vault: string, patches = 'patches: [{ path: patch.yaml }]') => ({
  'kustomization.yaml': `namespace: shop\nresources: [../../base]\n${patches}\n`,
  'patch.yaml': classText(vault),
})

const base = {
  'kustomization.yaml': 'resources: [web.yaml, class.yaml]\n',
  'web.yaml': deployment,
  'class.yaml': classText(
    'kv_base',
    `, clientID: ${clientId}, tenantId: ${clientId}, objects: "array: ['{objectName: a, objectType: secret}']"`,
  ),
}

for (const [name, program] of [
  ['kustomize', kustomize],
  ['kubectl', kubectl],
] as const)
  t.test(`overlays are read as ${name} renders them`, { skip: without(name) }, async (t) => {
    const files = { base, overlays: { dev: overlay('kv-dev'), prod: overlay('kv_prod') } }
    const { code, stdout } = await check(t, { files, programs: { [name]: program } })
    t.equal(code, 1)
    t.match(stdout, /^Deployment\/web \(R\/overlays\/dev \(rendered\)\): would be served$/m)
    t.match(stdout, 'from kv-dev:a')
    t.match(stdout, /^Deployment\/web \(R\/overlays\/prod \(rendered\)\): would be denied$/m)
    t.notMatch(stdout, 'kv_base')
    t.match(stdout, /^2 files, 2 pods checked,/m)
  })

t.test(
  'a mistake that only kustomize finds is an error of the folder',
  { skip: without('kustomize') },
  async (t) => {
    const dev = overlay('kv-dev', 'patches: [{ path: none.yaml }]')
    const files = { base, overlays: { dev, prod: overlay('kv-prod') } }
    const { code, stdout, stderr } = await check(t, { files, programs: { kustomize } })
    t.equal(code, 2)
    t.match(stderr, /^akv-injector: R\/overlays\/dev: kustomize build failed with .*none\.yaml/m)
    t.match(stdout, 'from kv-prod:a')
  },
)

t.test(
  'kustomize can’t fetch what isn’t known before it runs',
  { skip: without('kustomize') },
  async (t) => {
    const files = {
      'kustomization.yaml': 'generators: [generator.yaml]\n',
      'generator.yaml':
        'apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: { name: a }\nfiles: ["a=https://example.org/a"]\n',
    }
    t.match(await check(t, { files, programs: { kustomize } }), {
      code: 2,
      stderr: /: proxyconnect tcp: dial tcp 127\.0\.0\.1:1: connect: connection refused\n/,
    })
  },
)

const chart = {
  'Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
  'values.yaml': 'vault: kv_default\n',
  templates: {
    'pod.yaml': `kind: Pod
apiVersion: v1
metadata:
  name: {{ .Release.Name }}-{{ .Release.Namespace }}
  annotations:
    akv-injector.io/vault: {{ .Values.vault }}
    akv-injector.io/secrets: x
    akv-injector.io/client-id: ${clientId}
spec: { containers: [{ name: a, image: a }] }
`,
  },
}

t.test('a chart is read as Helm renders it', { skip: without('helm') }, async (t) => {
  const files = { chart, 'prod values, 1.txt': 'vault: kv-prod\n' }
  const wrong = await check(t, { files, programs: { helm } })
  t.equal(wrong.code, 1)
  t.match(
    wrong.stdout,
    /^Pod\/release-name-default \(R\/chart \(rendered\)\): would be denied\n {2}problem: line \d+: .*kv_default/m,
  )
  const right = await check(t, {
    files,
    programs: { helm },
    args: ['--values', 'REPOSITORY/prod values, 1.txt', '-n', 'shop'],
  })
  t.equal(right.code, 0)
  t.match(right.stdout, 'from kv-prod:x')
  t.match(right.stdout, 'Pod/release-name-shop (R/chart (rendered)): would be injected')
})

t.test('a chart with a mistake is an error of its folder', { skip: without('helm') }, async (t) => {
  const files = {
    broken: {
      ...chart,
      templates: { 'a.yaml': '{{ required "vault is missing" .Values.none }}\n' },
    },
    newer: { 'Chart.yaml': `${chart['Chart.yaml']}kubeVersion: ">=99"\n` },
  }
  const { code, stderr } = await check(t, { files, programs: { helm } })
  t.equal(code, 2)
  t.match(
    stderr,
    /^akv-injector: R\/broken: helm template failed with .*vault is missing; if it lacks values, pass them to check with --values FILE$/m,
  )
  t.match(
    stderr,
    /^akv-injector: R\/newer: .*requires kubeVersion.*; pass your cluster's version with --kube-version$/m,
  )
})

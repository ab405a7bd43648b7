// Releases of Flux and Applications of Argo CD whose charts are in the repository, rendered with the real Helm.

import { symlinkSync } from 'node:fs'
import t from 'tap'
import { writeFakeRenderers } from '../../../support/fake-renderers.ts'
import { without } from '../../../support/needs/without.ts'
import { makeFolder, type Texts } from '../../../support/repository.ts'
import { runInFolder } from '../../../support/run-in-folder.ts'
import {
  application,
  chart,
  checkRepository as check,
  clientId,
  under,
} from './check-repository.ts'

const isSkipped = { skip: without('helm') }
const needsBoth = { skip: without('helm') || without('kustomize') }

const release = (name: string, spec: string, more = '') =>
  `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: ${name}, namespace: shop${more} }
spec:
  chart: { spec: { chart: ./charts/web, sourceRef: { kind: GitRepository, name: flux-system } } }
${spec}`

t.test(
  'each release has its own values, and the chart isn’t rendered again',
  isSkipped,
  async (t) => {
    const { code, pods, stderr } = await check(t, {
      ...chart,
      'clusters/dev/web.yaml': release('web', '  values: { vault: kv-dev }\n'),
      'clusters/prod/web.yaml': release(
        'web',
        '  releaseName: shop-web\n  targetNamespace: other\n  values: { vault: kv-prod }\n',
      ),
      'clusters/prod/second.yaml': release('second', '  targetNamespace: other\n'),
    })
    t.equal(code, 0, stderr)
    t.strictSame(
      pods,
      [
        'Pod/other-second (charts/web (rendered for clusters/prod)) kv-chart:own',
        'Pod/shop-web (charts/web (rendered for clusters/prod)) kv-prod:own',
        'Pod/web (charts/web (rendered for clusters/dev)) kv-dev:own',
      ].map((line) => line.replace('Pod/', '')),
    )
    t.equal(stderr, '')
  },
)

t.test('values of files, ConfigMaps and the release count more and more', isSkipped, async (t) => {
  const map = (vault: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web-values }\ndata: { values.yaml: "vault: ${vault}\\nsecret: of-map" }\n`
  const from = '  valuesFrom: [{ kind: ConfigMap, name: web-values }]\n'
  const cases: readonly (readonly [string, string])[] = [
    [from, 'kv-map:of-map'],
    [`${from}  values: { secret: of-release }\n`, 'kv-map:of-release'],
    ['  valuesFrom: [{ kind: ConfigMap, name: none, optional: true }]\n', 'kv-chart:own'],
  ]
  for (const [spec, expected] of cases) {
    const { pods } = await check(t, {
      ...chart,
      'clusters/a/values.yaml': map('kv-map'),
      'clusters/b/values.yaml': map('kv-other'),
      'clusters/a/web.yaml': release('web', spec),
    })
    t.match(pods, [new RegExp(` ${expected}$`)], spec)
    t.equal(pods.length, 1)
  }
  const { pods } = await check(t, {
    ...chart,
    'values/prod.yaml': 'vault: kv-file\n',
    'a.yaml': release('web', '').replace(
      './charts/web,',
      './charts/web, valuesFiles: [./values/prod.yaml],',
    ),
  })
  t.match(pods, [/ undefined$/], 'the chart’s own secret doesn’t count')
  for (const [more, expected] of [
    ['valuesFiles: [./charts/web/values.yaml, ./values/prod.yaml],', / kv-file:own$/],
    [
      'valuesFiles: [./charts/web/values.yaml, ./none.yaml], ignoreMissingValuesFiles: true,',
      / kv-chart:own$/,
    ],
  ] as const) {
    const text = release('web', '').replace('./charts/web,', `./charts/web, ${more}`)
    const found = await check(t, {
      ...chart,
      'values/prod.yaml': 'vault: kv-file\n',
      'a.yaml': text,
    })
    t.match(found.pods, [expected], more)
  }
})

t.test(
  'what isn’t in the repository is named, and then its chart isn’t judged',
  isSkipped,
  async (t) => {
    for (const spec of [
      '  valuesFrom: [{ kind: Secret, name: a }]\n',
      '  valuesFrom: [{ kind: ConfigMap, name: none }]\n',
      '  postRenderers: [{ kustomize: {} }]\n',
      '  releaseName: --post-renderer=/bin/sh\n',
      '  releaseName: "a b"\n',
      '  targetNamespace: "-a"\n',
      `  values: { a: "${'x'.repeat(1024 * 1024)}" }\n`,
    ]) {
      const files = { ...chart, 'a.yaml': release('web', spec) }
      const { code, pods, stdout, stderr } = await check(t, files)
      t.equal(code, 0)
      t.strictSame(pods, [])
      t.match(stdout, 'skipped charts/web: is the chart of HelmRelease/web, whose values')
      t.match(
        stderr,
        /^skipped a\.yaml: what HelmRelease\/web becomes isn't read/m,
        spec.slice(0, 80),
      )
    }
  },
)

t.test('without Helm, each release is named', async (t) => {
  const { stdout, stderr } = await check(
    t,
    {
      ...chart,
      'a.yaml': release('web', '  values: { akv-injector.io/vault: a }\n'),
      'b.yaml': application('b', 'path: charts/web'),
    },
    { programs: {} },
  )
  t.match(
    stdout,
    "a.yaml:6: HelmRelease/web has an annotation or a label of akv-injector, and what it becomes isn't checked",
  )
  t.match(
    stderr,
    "what Application/b becomes isn't read; to read it: argocd app manifests b | akv-injector check -",
  )
})

t.test('a release that Kustomize or Flux changes is the changed one', needsBoth, async (t) => {
  const { pods, stderr } = await check(t, {
    ...chart,
    'clusters/prod/apps.yaml':
      'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: apps }\nspec:\n  path: ./apps/prod\n  sourceRef: { kind: GitRepository, name: flux-system }\n  postBuild: { substitute: { KEY: filled } }\n',
    'apps/prod/kustomization.yaml':
      'namespace: prod\nresources: [../base]\npatches:\n  - target: { kind: HelmRelease }\n    patch: |\n      - { op: add, path: /spec/values/vault, value: kv-prod }\n',
    'apps/base/kustomization.yaml':
      'resources: [web.yaml]\nconfigMapGenerator: [{ name: web-values, files: [values.yaml=web-values.yaml] }]\ngeneratorOptions: { disableNameSuffixHash: true }\n',
    'apps/base/web-values.yaml': 'vault: kv-map\n',
    'apps/base/web.yaml': release(
      'web',
      '  valuesFrom: [{ kind: ConfigMap, name: web-values }]\n  values: { secret: "${KEY}" }\n',
    ),
  })
  t.strictSame(pods, ['web (charts/web (rendered for clusters/prod)) kv-prod:filled'], stderr)
})

t.test('Applications of one chart are apart', isSkipped, async (t) => {
  const { code, stdout, pods, stderr } = await check(t, {
    ...chart,
    'envs/dev.yaml': 'vault: kv-dev\n',
    'charts/web/values-prod.yaml': 'vault: kv-prod\nsecret: of-file\n',
    'argocd/apps.yaml': [
      application(
        'web-dev',
        'path: charts/web, helm: { releaseName: web, valueFiles: [/envs/dev.yaml] }',
      ),
      application(
        'web-prod',
        'path: charts/web, helm: { releaseName: web, valueFiles: [values-prod.yaml, none.yaml], ignoreMissingValueFiles: true, values: "secret: of-text" }',
      ),
      application(
        'web-test',
        'path: charts/web, helm: { releaseName: web, values: "vault: kv-no", valuesObject: { vault: kv-test }, parameters: [{ name: secret, value: "a,b" }] }',
      ),
    ].join('---\n'),
  })
  t.equal(code, 0, stdout)
  t.notMatch(stdout, 'is defined differently')
  t.strictSame(pods, [
    'web (charts/web (rendered for argocd/web-dev)) kv-dev:own',
    'web (charts/web (rendered for argocd/web-prod)) kv-prod:of-text',
    'web (charts/web (rendered for argocd/web-test)) kv-test:a',
  ])
  t.match(stdout, 'kv-test:b')
  t.equal(stderr, '')
})

t.test('an Application with files of another source', isSkipped, async (t) => {
  const { pods } = await check(t, {
    ...chart,
    'envs/prod/web.yaml': 'vault: kv-prod\n',
    'a.yaml': application('web', 'path: charts/web').replace(
      /source: .*/,
      'sources:\n  - { repoURL: https://git.example/a, ref: values }\n  - { repoURL: https://git.example/a, path: charts/web, helm: { valueFiles: [$values/envs/prod/web.yaml] } }',
    ),
  })
  t.strictSame(pods, ['web (charts/web (rendered for web)) kv-prod:own'])
})

t.test(
  'an ApplicationSet makes one Application of each element or folder',
  isSkipped,
  async (t) => {
    const set = (generators: string, path: string, values: string, more = '') =>
      `apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: web }\nspec:\n  ${more}\n  generators: [${generators}]\n  template:\n    metadata: { name: '${path}' }\n    spec: { destination: { namespace: shop }, source: { path: charts/web, helm: { releaseName: web, valueFiles: ['${values}'] } } }\n`
    const go = 'goTemplate: true'
    const list = 'list: { elements: [{ env: dev }, { env: prod }] }'
    const folders = 'git: { directories: [{ path: envs/* }, { path: envs/old, exclude: true }] }'
    const built = [
      set(`{ ${list} }`, '{{env}}', '/envs/{{ env }}/v.yaml'),
      set(`{ ${list} }`, '{{.env}}', '/envs/{{ .env }}/v.yaml', go),
      set(`{ ${folders} }`, '{{path.basename}}', '/{{path}}/v.yaml'),
      set(`{ ${folders} }`, '{{path[1]}}', '/{{path}}/v.yaml'),
      set(`{ ${folders} }`, '{{ .path.basename }}', '/{{ .path.path }}/v.yaml', go),
    ]
    const files = {
      ...chart,
      'envs/dev/v.yaml': 'vault: kv-dev\n',
      'envs/prod/v.yaml': 'vault: kv-prod\n',
      'envs/old/v.yaml': 'vault: kv-old\n',
      'envs/.hidden/v.yaml': 'vault: kv-hidden\n',
    }
    for (const text of built) {
      const { pods, stderr } = await check(t, { ...files, 'sets/a.yaml': text })
      t.strictSame(
        pods,
        [
          'web (charts/web (rendered for sets/dev)) kv-dev:own',
          'web (charts/web (rendered for sets/prod)) kv-prod:own',
        ],
        text,
      )
      t.notMatch(stderr, 'ApplicationSet')
    }
    for (const text of [
      set(`{ clusters: {} }`, '{{name}}', '/envs/dev/v.yaml'),
      set(`{ matrix: { generators: [{ ${list} }] } }`, '{{env}}', '/envs/{{env}}/v.yaml'),
      set(`{ ${list} }`, '{{ .env | upper }}', '/envs/dev/v.yaml', go),
      set(`{ ${list} }`, '{{other}}', '/envs/dev/v.yaml'),
      set(`{ git: { directories: [{ path: "**" }] } }`, '{{path.basename}}', '/{{path}}/v.yaml'),
      set(`{ git: { directories: [{ path: "../*" }] } }`, '{{path.basename}}', '/envs/dev/v.yaml'),
      set(
        `{ list: { elements: [${'{ env: dev },'.repeat(1001)}] } }`,
        '{{env}}',
        '/envs/dev/v.yaml',
      ),
    ]) {
      const { pods, stderr } = await check(t, { ...files, 'sets/a.yaml': text })
      t.strictSame(pods, ['release-name (charts/web (rendered)) kv-chart:own'], text.slice(0, 300))
      t.match(stderr, "what ApplicationSet/web becomes isn't read")
    }
  },
)

t.test('objects without a namespace get the one of their Application', async (t) => {
  const text = `apiVersion: v1\nkind: Pod\nmetadata: { name: web, annotations: { akv-injector.io/vault: kv, akv-injector.io/secrets: a, akv-injector.io/client-id: ${clientId} } }\nspec: { containers: [{ name: web, image: web }] }\n`
  const subject = async (files: Texts) => {
    const json = { args: ['--output', 'json'], programs: {} }
    const { stdout } = await check(t, { 'deploy/pod.yaml': text, ...files }, json)
    const { objects } = JSON.parse(stdout)
    return objects.find((one: { readonly object: string }) => one.object === 'Pod/web').namespace
  }
  t.equal(await subject({}), 'default')
  t.equal(await subject({ 'a.yaml': application('a', 'path: deploy', 'shop') }), 'shop')
  const two = ['one', 'two'].map((name) => application(name, 'path: deploy', name)).join('---\n')
  t.equal(await subject({ 'a.yaml': two }), 'default', 'two differ')
})

t.test('paths and values can’t lead out of the repository, or into options', async (t) => {
  const outside = {
    '../outside/Chart.yaml': 'name: web\nversion: 1.0.0\n',
    '../outside/v.yaml': 'a: b\n',
  }
  const inside = (more: string) => application('web', `path: charts/web, helm: { ${more} }`)
  /** The runs of Helm with something of the Application. */
  const runsFor = async (text: string, links: Texts = {}) => {
    const { pathOf } = makeFolder(t, {
      ...under({ ...chart, ...outside, '.git/HEAD': '', 'a.yaml': text }),
      'fakes/.keep': '',
    })
    for (const [path, target] of Object.entries(links)) symlinkSync(target, pathOf(path))
    const fakes = writeFakeRenderers(pathOf('fakes'), { helm: ':' })
    await runInFolder(pathOf('repository'), ['check', '.'], { PATH: fakes.path })
    const plain = [
      ...['helm', 'template', pathOf('repository/charts/web'), '--skip-schema-validation'],
      ...['--namespace', 'default'],
    ]
    return fakes.runs().filter((run) => JSON.stringify(run) !== JSON.stringify(plain))
  }
  t.match(await runsFor(inside('valueFiles: [values.yaml], parameters: [{ name: a, value: b }]')), [
    [
      ...['helm', 'template', 'web', /charts\/web$/, '--skip-schema-validation'],
      ...['--namespace', 'shop', /^--values=/, '--set=a=b'],
    ],
  ])
  for (const text of [
    application('web', 'path: ../outside'),
    inside('valueFiles: [../../../outside/v.yaml]'),
    inside('valueFiles: [/../outside/v.yaml]'),
    inside('valueFiles: [$values/../outside/v.yaml]'),
    inside('valueFiles: [/.git/HEAD]'),
    inside('valueFiles: ["https://127.0.0.1:1/v.yaml"]'),
    inside('fileParameters: [{ name: a, path: /etc/passwd }]'),
    inside('releaseName: --post-renderer=/bin/sh'),
    inside('parameters: [{ name: a, value: "\\0" }]'),
    inside(`parameters: [{ name: a, value: ${'x'.repeat(70_000)} }]`),
    inside('values: $ARGOCD_APP_NAME'),
    application('../../outside', 'path: charts/web'),
  ])
    t.strictSame(await runsFor(text), [], text.slice(0, 300))
  const links = { 'repository/link.yaml': '../outside/v.yaml' }
  t.strictSame(await runsFor(inside('valueFiles: [/link.yaml]'), links), [])
})

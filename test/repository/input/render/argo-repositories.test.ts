// Whole repositories in the shapes of well-known public ones of Argo CD, checked without an option.

import t from 'tap'
import { without } from '../../../support/needs/without.ts'
import type { Texts } from '../../../support/repository.ts'
import { chart, checkRepository, clientId } from './check-repository.ts'

const needsBoth = { skip: without('helm') || without('kustomize') }

const own = 'https://github.com/shop/deploy'
const git: Texts = { '.git/config': '[remote "origin"]\n\turl = git@github.com:shop/deploy.git\n' }

const pod = (name: string, vault: string) => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  annotations:
    akv-injector.io/vault: ${vault}
    akv-injector.io/secrets: own
    akv-injector.io/client-id: ${clientId}
spec: { containers: [{ name: web, image: web }] }
`

const application = (name: string, spec: string) => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  project: default
  destination: { namespace: ${name}, server: https://kubernetes.default.svc }
${spec}`

const source = (path: string, repoURL: string) =>
  `  source: { path: ${path}, repoURL: '${repoURL}', targetRevision: HEAD }\n`

/** The chart, in another folder. */
const chartIn = (folder: string): Texts =>
  Object.fromEntries(
    Object.entries(chart).map(([path, text]) => [path.replace('charts/web', folder), text]),
  )

t.test('examples of each kind, and a chart with an Application for each', needsBoth, async (t) => {
  const fromChart = (name: string) =>
    application(name, source(name, '{{ .Values.source.repoURL }}'))
  const { code, stdout, stderr, pods } = await checkRepository(t, {
    ...git,
    'apps/Chart.yaml': 'apiVersion: v2\nname: apps\nversion: 1.0.0\n',
    'apps/values.yaml': `source: { repoURL: ${own}.git }\n`,
    'apps/templates/helm-web.yaml': application(
      'helm-web',
      `  source:\n    path: helm-web\n    repoURL: {{ .Values.source.repoURL }}\n    helm: { releaseName: shop, valueFiles: [values-production.yaml] }\n`,
    ),
    'apps/templates/kustomize-web.yaml': fromChart('kustomize-web'),
    'apps/templates/plain-web.yaml': fromChart('plain-web'),
    ...chartIn('helm-web'),
    'helm-web/values-production.yaml': 'vault: kv-production\n',
    'kustomize-web/kustomization.yaml': 'namePrefix: kustomize-\nresources: [web.yaml]\n',
    'kustomize-web/web.yaml': pod('web', 'kv-kustomize'),
    'plain-web/web.yaml': pod('plain-web', 'kv-plain'),
    'other.yaml': application('other', source('plain-web', 'https://github.com/other/charts.git')),
  })
  t.equal(code, 0, stdout)
  t.strictSame(pods, [
    'kustomize-web (kustomize-web (rendered)) kv-kustomize:own',
    'plain-web (plain-web/web.yaml) kv-plain:own',
    'shop (helm-web (rendered for apps/helm-web)) kv-production:own',
  ])
  t.match(
    stderr,
    /^skipped other\.yaml: what Application\/other becomes isn't read: .*remotes.*\n$/,
  )
})

t.test('sets of folders with charts, Kustomize folders and manifests', needsBoth, async (t) => {
  const set = (name: string, more: string) => `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: ${name}, namespace: argocd }
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators:
    - git: { repoURL: ${own}, revision: HEAD, directories: [{ path: ${name}/* }, { path: ${name}/old, exclude: true }] }
  template:
    metadata: { name: '{{.path.basename}}' }
    spec:
      project: default
      source: { repoURL: ${own}, targetRevision: HEAD, path: '{{.path.path}}'${more} }
      destination: { namespace: '{{.path.basename}}', server: https://kubernetes.default.svc }
`
  const { stdout, stderr, pods } = await checkRepository(t, {
    ...git,
    'bootstrap/addons.yaml': set('addons', ''),
    'bootstrap/workloads.yaml': set('workloads', ', helm: { valueFiles: [values.yaml] }'),
    'addons/monitoring/Chart.yaml':
      'apiVersion: v2\nname: monitoring\nversion: 1.0.0\ndependencies: [{ name: prometheus, version: 1.0.0, repository: https://charts.example }]\n',
    'addons/ingress/kustomization.yaml': 'resources: [pod.yaml]\nnamespace: ingress\n',
    'addons/ingress/pod.yaml': pod('ingress', 'kv-ingress'),
    'addons/policies/pod.yaml': pod('policies', 'kv-policies'),
    ...chartIn('workloads/api'),
    ...chartIn('workloads/worker'),
    'workloads/worker/values.yaml': 'vault: kv-worker\nsecret: own\n',
    ...chartIn('workloads/old'),
  })
  t.strictSame(
    pods,
    [
      'api (workloads/api (rendered for bootstrap/api)) kv-chart:own',
      'ingress (addons/ingress (rendered)) kv-ingress:own',
      'policies (addons/policies/pod.yaml) kv-policies:own',
      'release-name (workloads/old (rendered)) kv-chart:own',
      'worker (workloads/worker (rendered for bootstrap/worker)) kv-worker:own',
    ],
    stdout,
  )
  t.match(stderr, /^skipped addons\/monitoring: can't be rendered: .*prometheus.*\n$/)
})

t.test(
  'charts of a registry and of the repository, with values of the repository',
  needsBoth,
  async (t) => {
    const sources = (first: string) =>
      `  sources:\n    - ${first}\n    - { repoURL: ${own}.git, targetRevision: HEAD, ref: values }\n`
    const { code, stdout, stderr, pods } = await checkRepository(t, {
      ...git,
      ...chart,
      'apps/web.yaml': application(
        'web',
        sources(
          `{ repoURL: ${own}, path: charts/web, helm: { valueFiles: [$values/envs/web.yaml] } }`,
        ),
      ),
      'apps/prometheus.yaml': application(
        'prometheus',
        sources(
          '{ repoURL: https://charts.example, chart: prometheus, targetRevision: 1.0.0, helm: { valueFiles: [$values/envs/prometheus.yaml] } }',
        ),
      ),
      'envs/web.yaml': 'vault: kv-web\n',
      'envs/prometheus.yaml': 'server: { enabled: true }\n',
    })
    t.equal(code, 0, stdout)
    t.strictSame(pods, ['web (charts/web (rendered for apps/web)) kv-web:own'])
    t.match(
      stderr,
      /^skipped apps\/prometheus\.yaml: what Application\/prometheus becomes isn't read; to read it: argocd app manifests prometheus \| akv-injector check -\n$/,
    )
  },
)

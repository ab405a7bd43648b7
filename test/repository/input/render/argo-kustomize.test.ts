// What Argo CD does with Kustomize folders, rendered with the real Kustomize and Helm.

import t from 'tap'
import { without } from '../../../support/needs/without.ts'
import type { Texts } from '../../../support/repository.ts'
import { application, chart, checkRepository as check, clientId } from './check-repository.ts'

const isSkipped = { skip: without('kustomize') }
const needsBoth = { skip: without('helm') || without('kustomize') }

const pod = (more = '') => `apiVersion: v1
kind: Pod
metadata: { name: web, annotations: { akv-injector.io/vault: kv-own, akv-injector.io/secrets: a, akv-injector.io/client-id: ${clientId} }${more} }
spec: { containers: [{ name: web, image: web }] }
`

const folder: Texts = {
  'apps/web/kustomization.yaml': 'resources: [pod.yaml]\n',
  'apps/web/pod.yaml': pod(),
}

t.test('the options of each Application are handed over', isSkipped, async (t) => {
  const vault = (name: string) =>
    `[{ target: { kind: Pod }, patch: "- { op: replace, path: /metadata/annotations/akv-injector.io~1vault, value: ${name} }" }]`
  const { code, stdout, stderr, pods } = await check(t, {
    ...folder,
    'apps/more/kustomization.yaml':
      'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{ target: { kind: Pod }, patch: "- { op: replace, path: /metadata/annotations/akv-injector.io~1secrets, value: more }" }]\n',
    'argocd/apps.yaml': [
      application(
        'dev',
        `path: apps/web, kustomize: { namePrefix: dev-, patches: ${vault('kv-dev')} }`,
      ),
      application(
        'prod',
        `path: apps/web, kustomize: { nameSuffix: -prod, components: [../more], images: ["web=web:2"], patches: ${vault('kv-prod')} }`,
      ),
      application(
        'noted',
        'path: apps/web, kustomize: { commonAnnotations: { akv-injector.io/vault: kv-noted }, commonLabels: { a: b } }',
      ),
      application(
        'labelled',
        'path: apps/web, kustomize: { labelWithoutSelector: true, labelIncludeTemplates: true, commonLabels: { azure.workload.identity/use: "true" } }',
      ),
    ].join('---\n'),
  })
  t.equal(code, 0, stdout)
  t.strictSame(pods, [
    'dev-web (apps/web (rendered for argocd/dev)) kv-dev:a',
    'web (apps/web (rendered for argocd/labelled)) kv-own:a',
    'web (apps/web (rendered for argocd/noted)) kv-noted:a',
    'web-prod (apps/web (rendered for argocd/prod)) kv-prod:more',
  ])
  t.equal(stderr, '')
})

t.test('a namespace of Kustomize counts more than the destination’s', isSkipped, async (t) => {
  const args = ['--output', 'json']
  const namespaceOf = async (source: string) => {
    const { stdout } = await check(t, { ...folder, 'a.yaml': application('a', source) }, { args })
    const { objects } = JSON.parse(stdout)
    return objects.at(-1).namespace
  }
  t.equal(await namespaceOf('path: apps/web, kustomize: { namePrefix: a- }'), 'shop')
  t.equal(await namespaceOf('path: apps/web, kustomize: { namespace: own }'), 'own')
})

t.test(
  'what isn’t handed over is named, and the folder is rendered by itself',
  isSkipped,
  async (t) => {
    for (const options of [
      '{ patches: [{ path: patch.yaml }] }',
      '{ patches: [{ patch: "{}", options: { allowNameChange: true } }] }',
      '{ commonAnnotations: { a: $ARGOCD_APP_NAME } }',
      '{ ignoreMissingComponents: true }',
      '{ unknown: a }',
    ]) {
      const text = application('a', `path: apps/web, kustomize: ${options}`)
      const { pods, stderr } = await check(t, { ...folder, 'a.yaml': text })
      t.strictSame(pods, ['web (apps/web (rendered)) kv-own:a'], options)
      t.match(stderr, "what Application/a becomes isn't read", options)
    }
    const { stderr } = await check(t, {
      'apps/web/pod.yaml': pod(),
      'a.yaml': application('a', 'path: apps/web, kustomize: { namePrefix: a- }'),
    })
    t.match(stderr, "what Application/a becomes isn't read", 'it isn’t a Kustomize folder')
  },
)

t.test('components can’t lead out of the repository', isSkipped, async (t) => {
  const { pods, stdout } = await check(t, {
    ...folder,
    '../outside/kustomization.yaml': 'kind: Component\n',
    'a.yaml': application('a', 'path: apps/web, kustomize: { components: [../../../outside] }'),
  })
  t.strictSame(pods, [])
  t.match(stdout, 'needs ../outside, which is not a folder of the repository')
})

const applications = {
  'apps/dev/kustomization.yaml': 'resources: [../web]\nnamePrefix: dev-\n',
  'apps/prod/kustomization.yaml': 'resources: [../web]\nnamePrefix: prod-\n',
  ...folder,
}

t.test('Applications that come out of a folder or a chart are followed', needsBoth, async (t) => {
  const files = {
    ...applications,
    ...chart,
    'argocd/kustomization.yaml': 'resources: [apps.yaml]\n',
    'argocd/apps.yaml': application('dev', 'path: apps/dev', 'ns-dev'),
    'root/Chart.yaml': 'apiVersion: v2\nname: root\nversion: 1.0.0\n',
    'root/values.yaml': 'apps: [one, two]\n',
    'root/templates/apps.yaml': `{{- range .Values.apps }}\n---\n${application('{{ . }}', 'path: apps/prod, kustomize: { nameSuffix: "-{{ . }}" }')}{{- end }}\n---\n${application('web', 'path: charts/web, helm: { values: "vault: kv-root" }')}`,
  }
  const { stdout, stderr, pods } = await check(t, files)
  t.strictSame(
    pods,
    [
      'dev-web (apps/dev (rendered)) kv-own:a',
      'prod-web-one (apps/prod (rendered for root/one)) kv-own:a',
      'prod-web-two (apps/prod (rendered for root/two)) kv-own:a',
      'web (charts/web (rendered for root/web)) kv-root:own',
    ],
    stdout,
  )
  t.equal(stderr, '')
  const { stdout: json } = await check(t, files, { args: ['--output', 'json'] })
  const dev = JSON.parse(json).objects.find(
    ({ object }: { readonly object: string }) => object === 'Pod/dev-web',
  )
  t.equal(dev.namespace, 'ns-dev', 'its namespace is known before it is read')
})

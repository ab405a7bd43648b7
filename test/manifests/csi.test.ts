import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { podSettings } from '../../requests/annotations/pod-settings.ts'
import { type RenderOptions, render, templateCommand, withoutHelm } from './helm.ts'
import { environmentOf, type Manifest, readRendered } from './rendered.ts'

/** The chart with `csi.namespaces`. test/cluster/csi tests the objects on an API server. */
const skip = withoutHelm
const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const renderCsi = (csi: object, others: object = {}) =>
  readRendered(render({ values: { csi, ...others } }).text)
const crdTemplate = 'templates/csi/secret-provider-class.yaml'
const configurationTemplate = 'templates/mutating-webhook-configuration.yaml'

/** Each committed manifest with what renders it. */
const committed: Readonly<Record<string, RenderOptions & { readonly only: readonly string[] }>> = {
  'manifests/crds/secretproviderclasses.yaml': {
    set: ['csi.namespaces=labelled'],
    only: [crdTemplate],
  },
  'manifests/crds/externalsecrets.yaml': {
    set: ['sync.externalSecrets=true', 'sync.namespaces.team-a.serviceAccounts={web}'],
    only: ['templates/sync/external-secrets.yaml'],
  },
  'test/fixtures/csi/labelled.yaml': {
    set: ['csi.namespaces=labelled'],
    only: [configurationTemplate, 'templates/csi/rbac.yaml', 'templates/policies/uninjected.yaml'],
  },
  'test/fixtures/csi/all.yaml': { set: ['csi.namespaces=all'], only: [configurationTemplate] },
}

for (const [path, options] of Object.entries(committed))
  t.test(`${path} is what the chart renders`, { skip }, async (t) => {
    const { set = [], only } = options
    const flags = [
      ...set.flatMap((value) => ['--set', value]),
      ...only.flatMap((template) => ['--show-only', template]),
    ]
    t.equal(
      render({ ...options, withTests: true }).text,
      read(path),
      `${templateCommand} ${flags.join(' ')} > ${path}`,
    )
  })

t.test('without served namespaces, the other values have no effect', { skip }, async (t) => {
  const installYaml = render().text
  for (const csi of [null, {}, { refresh: '2m', crd: true }, { crd: false }])
    t.equal(render({ values: { csi } }).text, installYaml, JSON.stringify(csi))
  t.notMatch(installYaml, /secretproviderclass|akv-injector\.io\/csi|AKV_INJECTOR_CSI/i)
})

const entriesOf = ({ find }: ReturnType<typeof readRendered>): readonly Manifest[] =>
  find('MutatingWebhookConfiguration').webhooks
const csiTerms = ({ namespaceSelector }: Manifest): readonly object[] =>
  namespaceSelector.matchExpressions.filter(({ key }: Manifest) => key === 'akv-injector.io/csi')

t.test(
  'with csi.namespaces=labelled, a second webhook entry gets the pods of labelled namespaces',
  { skip },
  async (t) => {
    const [pods, csiPods, ...others] = entriesOf(renderCsi({ namespaces: 'labelled' }))
    t.strictSame(others, [])
    const values = ['true']
    t.equal(pods.name, 'pods.akv-injector.io')
    t.equal(pods.clientConfig.service.path, '/mutate')
    t.strictSame(csiTerms(pods), [{ key: 'akv-injector.io/csi', operator: 'NotIn', values }])
    t.equal(csiPods.name, 'csi-pods.akv-injector.io')
    t.equal(csiPods.clientConfig.service.path, '/mutate/csi')
    t.strictSame(csiTerms(csiPods), [{ key: 'akv-injector.io/csi', operator: 'In', values }])

    const [standard] = entriesOf(readRendered(render().text))
    const withoutCsi = (entry: Manifest) => ({
      ...entry,
      namespaceSelector: {
        matchExpressions: entry.namespaceSelector.matchExpressions.slice(0, -1),
      },
    })
    t.strictSame(withoutCsi(pods), standard, 'the first is otherwise what it was')
    const { name, clientConfig, matchConditions, ...rest } = withoutCsi(csiPods)
    t.match(standard, rest, 'and so is the second')
  },
)

t.test('with csi.namespaces=all, one webhook entry gets all pods', { skip }, async (t) => {
  const entries = entriesOf(renderCsi({ namespaces: 'all' }))
  t.match(entries, [
    { name: 'pods.akv-injector.io', clientConfig: { service: { path: '/mutate/csi' } } },
  ])
  t.strictSame(csiTerms(entries[0]), [])
  const [, csiPods] = entriesOf(renderCsi({ namespaces: 'labelled' }))
  t.strictSame(entries[0].matchConditions, csiPods.matchConditions)
  t.equal(entries[0].matchConditions.length, 1, 'several conditions would have to hold together')
})

t.test('with certs.mode=files, every entry has the caBundle', { skip }, async (t) => {
  const caBundle = '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'
  const certs = { mode: 'files', files: { secretName: 'own', caBundle } }
  const entries = entriesOf(renderCsi({ namespaces: 'labelled' }, { certs }))
  for (const { clientConfig } of entries)
    t.equal(Buffer.from(clientConfig.caBundle, 'base64').toString(), caBundle)
  t.equal(entries.length, 2)
})

t.test(
  'the webhook gets a token, two permissions, and a way to the API server',
  { skip },
  async (t) => {
    for (const namespaces of ['labelled', 'all']) {
      const networkPolicy = { apiServerPorts: [8443] }
      const { find } = renderCsi({ namespaces, refresh: '2m' }, { networkPolicy })
      const podSpec = find('Deployment', 'akv-injector-webhook').spec.template.spec
      t.equal(podSpec.automountServiceAccountToken, true)
      t.match(environmentOf(podSpec.containers[0]), {
        AKV_INJECTOR_CSI: namespaces,
        AKV_INJECTOR_CSI_REFRESH: '2m',
      })
      t.equal(find('ServiceAccount', 'akv-injector-webhook').automountServiceAccountToken, false)
      t.strictSame(find('ClusterRole', 'akv-injector-webhook').rules, [
        {
          apiGroups: ['secrets-store.csi.x-k8s.io'],
          resources: ['secretproviderclasses'],
          verbs: ['get'],
        },
        { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['get'] },
      ])
      t.strictSame(find('ClusterRoleBinding', 'akv-injector-webhook').subjects, [
        { kind: 'ServiceAccount', name: 'akv-injector-webhook', namespace: 'akv-injector' },
      ])
      t.strictSame(find('NetworkPolicy', 'akv-injector-webhook').spec.egress, [
        { ports: [{ port: 8443 }, { port: 53 }, { port: 53, protocol: 'UDP' }] },
      ])
    }
  },
)

t.test('the refresh may be written as a number if it is 0', { skip }, async (t) => {
  const { ok, text } = render({ set: ['csi.namespaces=all', 'csi.refresh=0'] })
  t.ok(ok)
  t.match(text, /name: AKV_INJECTOR_CSI_REFRESH\n\s+value: "0"/)
})

t.test(
  'the chart accepts each refresh that the webhook accepts, and no other',
  { skip },
  async (t) => {
    const texts = '0s 30s 029s 08m 1m 5s 29s 8760h 8759h60m 8760h1s 999999999h'.split(' ')
    for (const refresh of texts) {
      const { ok, problem } = render({ values: { csi: { refresh } } })
      t.equal(ok, podSettings.refresh(refresh).kind === 'valid', refresh)
      if (!ok)
        t.match(problem, `csi.refresh is "${refresh}", but it must be between 30s and a year`)
    }
  },
)

t.test('the CRD has two versions of one shape, and outlives the release', { skip }, async (t) => {
  const crd = renderCsi({ namespaces: 'all' }).find('CustomResourceDefinition')
  const [v1, v1alpha1] = crd.spec.versions
  t.match(v1, { name: 'v1', served: true, storage: true })
  t.match(v1alpha1, { name: 'v1alpha1', served: true, storage: false, deprecated: true })
  t.strictSame(v1alpha1.schema, v1.schema)
  t.equal(crd.metadata.name, `${crd.spec.names.plural}.${crd.spec.group}`)
  t.equal(crd.metadata.annotations['helm.sh/resource-policy'], 'keep')
  const without = renderCsi({ namespaces: 'all', crd: false })
  t.equal(without.find('CustomResourceDefinition'), undefined)
})

t.test(
  'applied workloads that an exclusion keeps from being served are reported',
  { skip },
  async (t) => {
    const validations = (namespaces: string) =>
      renderCsi({ namespaces }).find(
        'ValidatingAdmissionPolicy',
        'akv-injector-uninjected-workloads',
      ).spec.validations
    t.equal(validations('none').length, 1)
    t.match(validations('labelled')[1].expression, '"akv-injector.io/csi"')
    t.notMatch(validations('all')[1].expression, '"akv-injector.io/csi"')
  },
)

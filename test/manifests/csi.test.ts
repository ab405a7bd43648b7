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
const rolesTemplate = 'templates/aggregated-roles.yaml'
const configurationTemplate = 'templates/mutating-webhook-configuration.yaml'

/** Each committed manifest with what renders it. */
const committed: Readonly<Record<string, RenderOptions & { readonly only: readonly string[] }>> = {
  'manifests/crds/secretproviderclasses.yaml': {
    set: ['csi.namespaces=labelled'],
    only: [crdTemplate, rolesTemplate],
  },
  'manifests/crds/externalsecrets.yaml': {
    set: ['sync.externalSecrets=true', 'sync.enabled=true'],
    only: ['templates/sync/external-secrets.yaml', rolesTemplate],
  },
  'test/fixtures/csi/labelled.yaml': {
    set: ['csi.namespaces=labelled'],
    only: [configurationTemplate, 'templates/csi/rbac.yaml', 'templates/policies/uninjected.yaml'],
  },
  'test/fixtures/csi/all.yaml': {
    set: ['csi.namespaces=all'],
    only: [configurationTemplate, 'templates/policies/uninjected.yaml'],
  },
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

t.test('with certs.mode=files, every entry has the caBundle', { skip }, async (t) => {
  const caBundle = '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'
  const certs = { mode: 'files', files: { secretName: 'own', caBundle } }
  const entries = entriesOf(renderCsi({ namespaces: 'labelled' }, { certs }))
  for (const { clientConfig } of entries)
    t.equal(Buffer.from(clientConfig.caBundle, 'base64').toString(), caBundle)
  t.equal(entries.length, 2)
})

t.test('the webhook gets its settings, and a token', { skip }, async (t) => {
  const { find } = renderCsi({ namespaces: 'labelled', refresh: '2m' })
  const { spec } = find('Deployment', 'akv-injector-webhook').spec.template
  t.equal(spec.automountServiceAccountToken, true)
  t.match(environmentOf(spec.containers[0]), {
    AKV_INJECTOR_CSI: 'labelled',
    AKV_INJECTOR_CSI_REFRESH: '2m',
  })
})

t.test('the refresh may be written as a number if it is 0', { skip }, async (t) => {
  const { ok, text } = render({ set: ['csi.namespaces=all', 'csi.refresh=0'] })
  t.ok(ok)
  t.match(text, /name: AKV_INJECTOR_CSI_REFRESH\n\s+value: "0"/)
})

t.test(
  'the chart accepts each refresh that the webhook accepts, and no other',
  { skip },
  async (t) => {
    const texts = '0s 30s 029s 08m 29s 8759h60m 8760h1s 999999999h'.split(' ')
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

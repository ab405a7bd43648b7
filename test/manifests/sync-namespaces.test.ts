import t from 'tap'
import { type Rendering, render, withoutHelm } from './helm.ts'
import { type Manifest, readRendered } from './rendered.ts'

/** What turns sync on, and what `sync.namespaces` does. */
const accounts = (...serviceAccounts: readonly unknown[]) => ({ serviceAccounts })
const sync = (namespaces: object, others: object = {}) => ({ sync: { namespaces, ...others } })
const ofSync = ({ text }: Rendering): readonly Manifest[] =>
  readRendered(text).objects.filter(({ metadata }) => metadata.name.startsWith('akv-injector-sync'))
const namesOf = (objects: readonly Manifest[]) =>
  objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`).sort()

const objectsOfSync = [
  'ClusterRole /akv-injector-sync',
  'ClusterRoleBinding /akv-injector-sync',
  'Deployment akv-injector/akv-injector-sync',
  'NetworkPolicy akv-injector/akv-injector-sync',
  'ServiceAccount akv-injector/akv-injector-sync',
  'ValidatingAdmissionPolicy /akv-injector-sync-accounts',
  'ValidatingAdmissionPolicy /akv-injector-sync-rollouts',
  'ValidatingAdmissionPolicy /akv-injector-sync-secrets',
  'ValidatingAdmissionPolicy /akv-injector-sync-tokens',
  'ValidatingAdmissionPolicyBinding /akv-injector-sync-accounts',
  'ValidatingAdmissionPolicyBinding /akv-injector-sync-rollouts',
  'ValidatingAdmissionPolicyBinding /akv-injector-sync-secrets',
  'ValidatingAdmissionPolicyBinding /akv-injector-sync-tokens',
]

t.test('sync isn’t installed unless it is turned on', { skip: withoutHelm }, async (t) => {
  const others = { allowedMetadata: ['owner=helm'] }
  for (const namespaces of [{}, { a: null, b: accounts() }, { a: others }])
    t.strictSame(ofSync(render({ values: sync(namespaces) })), [])
})

t.test('one value turns sync on', { skip: withoutHelm }, async (t) => {
  t.strictSame(namesOf(ofSync(render({ set: ['sync.enabled=true'] }))), objectsOfSync)
})

t.test(
  'so does the list of an earlier chart, and nothing else',
  { skip: withoutHelm },
  async (t) => {
    const values = sync({ 'team-a': accounts('web'), 'team-b': accounts('web', 'api'), c: null })
    const { text } = render({ values })
    t.equal(text, render({ values: { sync: { enabled: true } } }).text)
  },
)

t.test(
  'no namespaced object lies outside the install’s namespace',
  { skip: withoutHelm },
  async (t) => {
    const values = {
      ...sync({ a: accounts('web') }, { classes: true, externalSecrets: true }),
      csi: { namespaces: 'all' },
      metrics: { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } },
    }
    const { objects } = readRendered(render({ values, withTests: true, namespace: 'own' }).text)
    t.ok(objects.length > 40)
    const elsewhere = objects.filter(
      ({ metadata }) => !['own', undefined].includes(metadata.namespace),
    )
    t.strictSame(namesOf(elsewhere), [])
  },
)

t.test('the controller is told what to watch, and how', { skip: withoutHelm }, async (t) => {
  const argsOf = (more: object) => {
    const { text } = render({ values: { sync: { enabled: true, ...more } } })
    const { spec } = readRendered(text).find('Deployment', 'akv-injector-sync').spec.template
    return spec.containers[0].args.join(' ')
  }
  t.equal(argsOf({}), 'sync --watch cluster')
  t.equal(argsOf({ watch: null }), 'sync --watch cluster', 'with the values of an earlier chart')
  const all = { watch: 'namespaces', classes: true, externalSecrets: true }
  t.equal(argsOf(all), 'sync --watch namespaces --classes --external-secrets')
})

t.test(
  'system namespaces and the install’s own are refused with an explanation',
  { skip: withoutHelm },
  async (t) => {
    for (const namespace of ['kube-system', 'kube-public', 'kube-node-lease']) {
      const { ok, problem } = render({ values: sync({ [namespace]: accounts('web') }) })
      t.notOk(ok)
      t.match(problem, `sync.namespaces.${namespace} is a system namespace`)
    }
    for (const namespace of ['keyvault', 'default']) {
      const own = namespace === 'default' ? 'akv-injector' : namespace
      const { problem } = render({ namespace, values: sync({ [own]: accounts('web') }) })
      t.match(problem, `sync.namespaces.${own} is the namespace of akv-injector itself`)
    }
    t.ok(render({ values: sync({ default: accounts('web') }) }).ok)
  },
)

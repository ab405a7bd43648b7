import t from 'tap'
import { type Rendering, render, withoutHelm } from './helm.ts'
import { type Manifest, readRendered } from './rendered.ts'

/** How the chart turns sync.namespaces into permissions and arguments. */
const accounts = (...serviceAccounts: readonly unknown[]) => ({ serviceAccounts })
const sync = (namespaces: object, others: object = {}) => ({ sync: { namespaces, ...others } })
const ofSync = ({ text }: Rendering): readonly Manifest[] =>
  readRendered(text).objects.filter(({ metadata }) => metadata.name.startsWith('akv-injector-sync'))

t.test(
  'sync isn’t installed if no namespace lists an account',
  { skip: withoutHelm },
  async (t) => {
    t.strictSame(ofSync(render({ values: sync({ a: null, b: accounts() }) })), [])
  },
)

t.test('one flag enables sync for an account', { skip: withoutHelm }, async (t) => {
  const rendering = render({ set: ['sync.namespaces.team-a.serviceAccounts={web}'] })
  t.strictSame(
    ofSync(rendering)
      .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
      .sort(),
    [
      'Deployment akv-injector/akv-injector-sync',
      'NetworkPolicy akv-injector/akv-injector-sync',
      'Role team-a/akv-injector-sync',
      'RoleBinding team-a/akv-injector-sync',
      'ServiceAccount akv-injector/akv-injector-sync',
      'ValidatingAdmissionPolicy /akv-injector-sync-accounts',
      'ValidatingAdmissionPolicy /akv-injector-sync-secrets',
      'ValidatingAdmissionPolicy /akv-injector-sync-tokens',
      'ValidatingAdmissionPolicyBinding /akv-injector-sync-accounts',
      'ValidatingAdmissionPolicyBinding /akv-injector-sync-secrets',
      'ValidatingAdmissionPolicyBinding /akv-injector-sync-tokens',
    ],
  )
})

t.test(
  'the controller gets the listed accounts in a stable order',
  { skip: withoutHelm },
  async (t) => {
    const texts = [
      sync({ b: accounts('web', 'api'), a: accounts('x.y') }),
      sync({ a: accounts('x.y'), b: accounts('api', 'web'), c: accounts(), d: null }),
    ].map((values) => render({ values }).text)
    t.equal(texts[0], texts[1])
    t.match(texts[0], 'args: ["sync", "--service-accounts", "a=x.y", "b=api+web"]')
  },
)

t.test(
  'no chart values give sync the tokens of all accounts, even without the schema',
  { skip: withoutHelm },
  async (t) => {
    // An empty list of resourceNames means every name.
    const namespaces = { a: accounts(), b: accounts(''), c: accounts(null), d: {}, e: null }
    t.strictSame(ofSync(render({ values: sync(namespaces), unchecked: true })), [])
  },
)

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

t.test(
  'more accounts than fit into an argument on Linux are refused',
  { skip: withoutHelm },
  async (t) => {
    const names = (count: number) =>
      Array.from({ length: count }, (_, i) => `${String(i).padStart(4, '0')}${'a'.repeat(123)}`)
    t.ok(render({ values: sync({ a: accounts(...names(1023)) }) }).ok)
    t.match(
      render({ values: sync({ a: accounts(...names(1025)) }) }).problem,
      'these accounts take 131201 bytes as an argument of the controller, but Linux allows 131071',
    )
  },
)

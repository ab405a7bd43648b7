import t from 'tap'
import { render, withoutHelm } from './helm.ts'
import { readRendered } from './rendered.ts'
import { violations } from './security/admission.ts'

/** How values change the policies. test/cluster/policies tests the policies themselves on an API server. */
const skip = withoutHelm
const policyNames = (text: string) =>
  readRendered(text)
    .objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== 'akv-injector-certs')

t.test('each policy can be turned off completely', { skip }, async (t) => {
  const off = render({
    values: {
      policies: {
        uninjectedPods: 'off',
        ephemeralContainers: false,
        unsyncedAccounts: false,
        idleRollouts: false,
      },
    },
  })
  t.strictSame(policyNames(off.text), [])
  t.notMatch(off.text, /name: akv-injector-(uninjected|ephemeral|unsynced|idle)/)
  const withoutOne = render({ values: { policies: { ephemeralContainers: false } } })
  t.strictSame(policyNames(withoutOne.text), [
    'akv-injector-idle-rollouts',
    'akv-injector-uninjected-pods',
    'akv-injector-uninjected-workloads',
    'akv-injector-unsynced-accounts',
  ])
})

t.test('debug containers may take over agents if pods may', { skip }, async (t) => {
  const spec = {
    shareProcessNamespace: true,
    initContainers: [{ name: 'akv-injector', restartPolicy: 'Always' }],
  }
  const messages = (values: object, container: object) =>
    violations(readRendered(render({ values }).text).objects, {
      ...{ operation: 'UPDATE', resource: 'pods/ephemeralcontainers', namespace: { name: 'shop' } },
      oldObject: { spec },
      object: { spec: { ...spec, ephemeralContainers: [{ name: 'debug', ...container }] } },
    }).map(({ message }) => message)
  t.match(messages({}, {}), [/could take over the agent/])
  t.strictSame(messages({ agent: { allowExposed: true } }, {}), [])
  const target = { targetContainerName: 'akv-injector' }
  t.match(messages({ agent: { allowExposed: true } }, target), [/may not target/])
})

t.test(
  'annotated pods without an agent are refused if the administrator says so',
  { skip },
  async (t) => {
    const actionsOf = (uninjectedPods?: string) => {
      const { find } = readRendered(render({ values: { policies: { uninjectedPods } } }).text)
      const actions = (name: string) =>
        find('ValidatingAdmissionPolicyBinding', name).spec.validationActions
      t.strictSame(actions('akv-injector-uninjected-workloads'), ['Warn', 'Audit'])
      return actions('akv-injector-uninjected-pods')
    }
    t.strictSame(actionsOf(), ['Warn', 'Audit'])
    t.strictSame(actionsOf('deny'), ['Deny', 'Audit'])
  },
)

t.test('values of an older chart without policies get the defaults', { skip }, async (t) => {
  t.equal(render({ values: { policies: null } }).text, render().text)
})

t.test('what isn’t synced is reported only for the kinds that sync reads', { skip }, async (t) => {
  const reported = (sync: object) =>
    policyNames(render({ values: { sync } }).text).filter((name) => name.includes('unsynced'))
  t.strictSame(reported({}), ['akv-injector-unsynced-accounts'])
  t.strictSame(reported({ enabled: true }), ['akv-injector-unsynced-accounts'])
  t.strictSame(reported({ enabled: true, classes: true, externalSecrets: true }), [
    'akv-injector-unsynced-accounts',
    'akv-injector-unsynced-external-secrets',
    'akv-injector-unsynced-classes',
  ])
})

t.test('the remedy names the options that this install needs', { skip }, async (t) => {
  const remedy = (namespace: string, sync: object) => {
    const { text } = render({ namespace, values: { sync: { enabled: true, ...sync } } })
    const { spec } = readRendered(text).find(
      'ValidatingAdmissionPolicy',
      'akv-injector-unsynced-accounts',
    )
    return spec.validations[0].message.replace(/.*output of: /, '')
  }
  t.equal(remedy('akv-injector', {}), 'akv-injector rbac FILE')
  t.equal(
    remedy('vaults', { watch: 'namespaces', classes: true }),
    'akv-injector rbac --controller-namespace vaults --watch namespaces --classes FILE',
  )
})

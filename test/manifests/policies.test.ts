import t from 'tap'
import { agentRoot, csiFolder } from '../../delivery/contract.ts'
import { annotationPrefix } from '../../requests/annotations/keys/own-annotations.ts'
import {
  agentName,
  envVolume,
  filesVolume,
  identityVolume,
} from '../../webhook/core/model/our-names.ts'
import { render, withoutHelm } from './helm.ts'
import { type Manifest, readRendered } from './rendered.ts'

/** How values change the policies. test/cluster/policies tests the policies themselves on an API server. */
const skip = withoutHelm
const servedFolders = `${agentRoot}/${csiFolder}/`
const policyNames = (text: string) =>
  readRendered(text)
    .objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== 'akv-injector-certs')

t.test('each policy can be turned off completely', { skip }, async (t) => {
  const off = render({
    values: {
      policies: { uninjectedPods: 'off', ephemeralContainers: false, unsyncedAccounts: false },
    },
  })
  t.strictSame(policyNames(off.text), [])
  t.notMatch(off.text, /name: akv-injector-(uninjected|ephemeral|unsynced)/)
  const withoutOne = render({ values: { policies: { ephemeralContainers: false } } })
  t.strictSame(policyNames(withoutOne.text), [
    'akv-injector-uninjected-pods',
    'akv-injector-uninjected-workloads',
    'akv-injector-unsynced-accounts',
  ])
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

t.test('the policies and the webhook exclude the same namespaces', { skip }, async (t) => {
  const values = { webhook: { excludedNamespaces: ['batch', 'infra'] } }
  const { find } = readRendered(render({ values, namespace: 'keyvault' }).text)
  const [byName] = find('MutatingWebhookConfiguration').webhooks[0].namespaceSelector
    .matchExpressions
  const { variables } = find('ValidatingAdmissionPolicy', 'akv-injector-uninjected-workloads').spec
  const { expression } = variables.find(({ name }: Manifest) => name === 'isExcluded')
  t.match(byName.values, ['keyvault', 'kube-system'])
  t.match(byName.values.slice(-2), ['batch', 'infra'])
  t.match(expression, `namespaceObject.metadata.name in ${JSON.stringify(byName.values)}`)
})

t.test('values of an older chart without policies get the defaults', { skip }, async (t) => {
  t.equal(render({ values: { policies: null } }).text, render().text)
})

t.test('the policies use the webhook’s names', { skip }, async (t) => {
  const { find } = readRendered(render().text)
  const textOf = (name: string) =>
    JSON.stringify(find('ValidatingAdmissionPolicy', `akv-injector-${name}`).spec).replaceAll(
      '\\"',
      '"',
    )
  for (const name of [agentName, envVolume, filesVolume, identityVolume, servedFolders])
    t.match(textOf('ephemeral-containers'), `"${name}"`)
  for (const text of [textOf('uninjected-pods'), textOf('uninjected-workloads')]) {
    t.match(text, `startsWith("${annotationPrefix}")`)
    t.match(text, `"${annotationPrefix}inject"`)
  }
  t.match(textOf('uninjected-pods'), `container.name == "${agentName}"`)
})

t.test(
  'the policy that warns about unlisted accounts knows the listed ones',
  { skip },
  async (t) => {
    const expressionOf = (namespaces: object) => {
      const { find } = readRendered(render({ values: { sync: { namespaces } } }).text)
      const policy = find('ValidatingAdmissionPolicy', 'akv-injector-unsynced-accounts')
      return policy.spec.validations[0].expression
    }
    t.match(expressionOf({}), / in \[\]$/)
    const namespaces = {
      shop: { serviceAccounts: ['web', 'api'] },
      other: { serviceAccounts: ['web'] },
      none: { serviceAccounts: [] },
    }
    t.match(expressionOf(namespaces), ' in ["other/web","shop/api","shop/web"]')
  },
)

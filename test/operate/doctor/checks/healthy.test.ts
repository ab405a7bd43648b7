import t from 'tap'
import {
  findings,
  healthyFacts,
  node,
  results,
  syncDeployment,
} from '../harness/healthy-cluster.ts'

t.test('a healthy cluster gives no finding', (t) => {
  t.strictSame(findings({}), [])
  t.ok(results({}).length > 15)
  t.end()
})

const { deployments = [], mutatingConfigurations = [] } = healthyFacts()
const nameIn = (metadata: unknown) => (metadata as { readonly name?: string }).name
const identity = {
  metadata: { name: 'azure-wi-webhook-mutating-webhook-configuration' },
  webhooks: [
    {
      name: 'mutation.azure-workload-identity.io',
      rules: [{ apiGroups: [''], operations: ['CREATE', 'UPDATE'], resources: ['pods'] }],
    },
  ],
}
const certManaged = mutatingConfigurations.map((one) => ({
  ...one,
  metadata: {
    name: 'zz-akv-injector',
    annotations: { 'cert-manager.io/inject-ca-from': 'akv-injector/akv-injector-webhook' },
  },
}))
const withVariables = {
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'team-a' },
  spec: {
    template: {
      metadata: { annotations: { 'akv-injector.io/env': 'A=team-a:a' } },
      spec: { containers: [] },
    },
  },
}

t.test('nor does a healthy cluster of another kind', (t) => {
  const cases = {
    'with azure-workload-identity': {
      mutatingConfigurations: [identity, ...mutatingConfigurations],
    },
    'with a policy engine that is called before': {
      mutatingConfigurations: [
        { ...identity, metadata: { name: 'kyverno' } },
        ...mutatingConfigurations,
      ],
    },
    'with cert-manager': {
      mutatingConfigurations: certManaged,
      deployments: deployments.filter(({ metadata }) => nameIn(metadata) !== 'akv-injector-certs'),
      policies: healthyFacts().policies?.filter(
        ({ metadata }) => nameIn(metadata) !== 'akv-injector-certs',
      ),
      policyBindings: healthyFacts().policyBindings?.filter(
        ({ metadata }) => nameIn(metadata) !== 'akv-injector-certs',
      ),
      installed: healthyFacts().installed?.filter(({ name }) => name !== 'akv-injector-certs'),
      certificates: [
        {
          metadata: { namespace: 'akv-injector', name: 'akv-injector-webhook' },
          status: { conditions: [{ type: 'Ready', status: 'True' }] },
        },
      ],
    },
    'with sync': { deployments: [...deployments, syncDeployment()] },
    'with an older node, and no variables': { nodes: [node('a', 'v1.36.3'), node('b', 'v1.34.4')] },
    'with the CSI driver': { drivers: [{ metadata: { name: 'secrets-store.csi.k8s.io' } }] },
    'with variables': { otherWorkloads: [withVariables] },
    'with a Windows node and a virtual one': {
      nodes: [
        {
          metadata: { name: 'w' },
          status: { nodeInfo: { kubeletVersion: 'v1.30.0', operatingSystem: 'windows' } },
        },
        node('v', 'v1.25.0', { type: 'virtual-kubelet' }),
      ],
    },
    'whose finished pods had no agent': {
      pods: [
        {
          metadata: withVariables.spec.template.metadata,
          status: { phase: 'Succeeded' },
        },
      ],
    },
  }
  for (const [name, changed] of Object.entries(cases)) t.strictSame(findings(changed), [], name)
  t.end()
})

t.test('objects that the caller may not read cause no finding', (t) => {
  const members = Object.keys(healthyFacts()).filter(
    (member) => !['nowMs', 'serverVersion', 'broken', 'seesAllPods', 'dryRun'].includes(member),
  )
  t.ok(members.length > 18)
  for (const member of members) t.strictSame(findings({ [member]: undefined }), [], member)
  const nothing = Object.fromEntries(members.map((member) => [member, undefined]))
  t.strictSame(findings(nothing), [])
  t.end()
})

t.test('an install that isn’t there', (t) => {
  const absent = { mutatingConfigurations: [], deployments: [] }
  t.match(findings(absent), [/^failure: akv-injector isn’t installed in this cluster/])
  t.match(findings({ ...absent, deployments: undefined }), [
    /^failure: there is no webhook configuration of akv-injector/,
  ])
  t.end()
})

t.test('objects of any form don’t break a check', (t) => {
  const odd = [
    {},
    { metadata: 1, webhooks: 'x', spec: [], status: null },
    { metadata: { name: 5, namespace: {}, annotations: [], labels: 'x' }, webhooks: [null, {}] },
    { metadata: { name: 'x', annotations: { 'akv-injector.io/sync': 5 } }, spec: { template: [] } },
  ]
  const lists = Object.entries(healthyFacts()).flatMap(([member, value]) =>
    Array.isArray(value) ? [[member, value] as const] : [],
  )
  t.ok(lists.length > 15)
  for (const [member, value] of lists)
    t.ok(results({ [member]: [...odd, ...value] }).length > 15, member)
  t.end()
})

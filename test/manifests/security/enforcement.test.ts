import t from 'tap'
import type { Manifest } from '../rendered.ts'
import { violations } from './admission.ts'
import { type AdmissionRequest, coveredBy } from './matching.ts'
import { readRendering } from './renderings.ts'

/** What the API server does if a request violates a policy, and if it can't evaluate the policy. */
interface Enforcement {
  readonly actions: readonly string[]
  /** If a policy that only warns can't be evaluated, workloads and accounts must still be admitted. */
  readonly unevaluated: 'as a violation' | 'ignored'
  /** The requests that the policy looks at. */
  readonly looksAt: readonly string[]
  readonly violatedBy: AdmissionRequest
}

const namespace = { name: 'shop', labels: { 'control-plane': 'x' } }
const annotated = { annotations: { 'akv-injector.io/secrets': 'a', 'akv-injector.io/sync': '[]' } }
const eso = 'external-secrets.io'
const driver = 'secrets-store.csi.x-k8s.io'
const own = (name: string) => `system:serviceaccount:akv-injector:akv-injector-${name}`
const refused = { actions: ['Deny'], unevaluated: 'as a violation' } as const
const reported = { actions: ['Warn', 'Audit'], unevaluated: 'ignored' } as const

const workloads = [
  ...['daemonsets', 'deployments', 'replicasets', 'statefulsets'].map((kind) => `apps/${kind}`),
  'batch/cronjobs',
  'batch/jobs',
]

const ofUnsyncedAccounts: Enforcement = {
  ...reported,
  looksAt: ['CREATE serviceaccounts', 'UPDATE serviceaccounts'],
  violatedBy: {
    operation: 'CREATE',
    resource: 'serviceaccounts',
    namespace,
    object: { metadata: { name: 'web', ...annotated } },
  },
}
const ofIdleRollouts: Enforcement = {
  ...reported,
  looksAt: [
    'CREATE pods',
    ...['CREATE', 'UPDATE'].flatMap((operation) =>
      workloads.filter((kind) => kind !== 'apps/replicasets').map((kind) => `${operation} ${kind}`),
    ),
  ].sort(),
  violatedBy: {
    operation: 'CREATE',
    group: 'batch',
    resource: 'jobs',
    namespace: { name: 'shop' },
    object: {
      kind: 'Job',
      metadata: {},
      spec: { template: { metadata: { annotations: { 'akv-injector.io/on-change': 'rollout' } } } },
    },
  },
}
const ofEverybody: Readonly<Record<string, Enforcement>> = {
  certs: {
    ...refused,
    looksAt: ['* admissionregistration.k8s.io/mutatingwebhookconfigurations'],
    violatedBy: {
      user: own('certs'),
      operation: 'DELETE',
      group: 'admissionregistration.k8s.io',
      resource: 'mutatingwebhookconfigurations',
      object: { metadata: {}, webhooks: [{ name: 'evil.example' }] },
      oldObject: { metadata: {} },
    },
  },
  'ephemeral-containers': {
    ...refused,
    looksAt: ['UPDATE pods/ephemeralcontainers'],
    violatedBy: {
      operation: 'UPDATE',
      resource: 'pods/ephemeralcontainers',
      namespace,
      object: {
        spec: { ephemeralContainers: [{ name: 'a', targetContainerName: 'akv-injector' }] },
      },
      oldObject: { spec: {} },
    },
  },
  'idle-rollouts': ofIdleRollouts,
  'uninjected-pods': {
    ...reported,
    unevaluated: 'as a violation',
    looksAt: ['CREATE pods'],
    violatedBy: {
      operation: 'CREATE',
      resource: 'pods',
      namespace,
      object: { metadata: annotated, spec: {} },
    },
  },
  'uninjected-workloads': {
    ...reported,
    looksAt: ['CREATE', 'UPDATE'].flatMap((operation) =>
      workloads.map((kind) => `${operation} ${kind}`),
    ),
    violatedBy: {
      operation: 'CREATE',
      group: 'apps',
      resource: 'deployments',
      namespace,
      object: { metadata: {}, spec: { template: { metadata: annotated } } },
    },
  },
  'unsynced-accounts': ofUnsyncedAccounts,
}
const asked = { operation: 'CREATE', namespace }
/** What warns while sync is on. */
const unsynced: Readonly<Record<string, Enforcement>> = {
  'unsynced-accounts': ofUnsyncedAccounts,
  'unsynced-external-secrets': {
    ...reported,
    looksAt: [`CREATE ${eso}/externalsecrets`, `UPDATE ${eso}/externalsecrets`],
    violatedBy: { ...asked, group: eso, resource: 'externalsecrets', object: { metadata: {} } },
  },
  'unsynced-classes': {
    ...reported,
    looksAt: [`CREATE ${driver}/secretproviderclasses`, `UPDATE ${driver}/secretproviderclasses`],
    violatedBy: {
      ...asked,
      group: driver,
      resource: 'secretproviderclasses',
      object: { metadata: {}, spec: { provider: 'azure', secretObjects: [{}] } },
    },
  },
}
const bySync = { user: own('sync'), operation: 'CREATE', namespace }
const ofSync: Readonly<Record<string, Enforcement>> = {
  'sync-tokens': {
    ...refused,
    looksAt: ['* serviceaccounts/token'],
    violatedBy: { ...bySync, resource: 'serviceaccounts/token', object: { spec: {} } },
  },
  'sync-secrets': {
    ...refused,
    looksAt: ['* secrets'],
    violatedBy: { ...bySync, resource: 'secrets', object: { metadata: { name: 'db' } } },
  },
  'sync-accounts': {
    ...refused,
    looksAt: ['* serviceaccounts'],
    violatedBy: { ...bySync, resource: 'serviceaccounts', object: { metadata: {} } },
  },
  'sync-rollouts': {
    ...refused,
    looksAt: ['* apps/*/*'],
    violatedBy: { ...bySync, group: 'apps', resource: 'deployments', object: { metadata: {} } },
  },
  'sync-statuses': {
    ...refused,
    looksAt: [`* ${eso}/externalsecrets/status`, `* ${eso}/secretstores/status`],
    violatedBy: { ...bySync, group: eso, resource: 'externalsecrets/status', object: {} },
  },
}

const installs: readonly (readonly [readonly Manifest[], Readonly<Record<string, Enforcement>>])[] =
  [
    [readRendering('install'), ofEverybody],
    [readRendering('sync'), ofSync],
    [readRendering('unsynced'), unsynced],
    [readRendering('idleRollouts'), { 'idle-rollouts': ofIdleRollouts }],
  ]
for (const [objects, policies] of installs) {
  const ofKind = (wanted: string) => objects.filter(({ kind }) => kind === wanted)

  t.test('the policies are these, and each is in force everywhere', async (t) => {
    const names = Object.keys(policies).map((name) => `akv-injector-${name}`)
    for (const kind of ['', 'Binding'].map((end) => `ValidatingAdmissionPolicy${end}`))
      t.strictSame(
        ofKind(kind)
          .map(({ metadata }) => metadata.name)
          .sort(),
        names.sort(),
        kind,
      )
  })

  for (const [name, { actions, unevaluated, looksAt, violatedBy }] of Object.entries(policies))
    t.test(`a violation of ${name} leads to ${actions}, a failure is ${unevaluated}`, async (t) => {
      const found = (changes: Partial<AdmissionRequest>) =>
        violations(objects, { ...violatedBy, ...changes })
      t.ok(found({}).length > 0)
      for (const { policy, actions: taken } of found({}))
        t.strictSame([policy, taken], [name, actions])
      t.strictSame(found({ version: 'v1beta1' }), found({}), 'in any version of the API')
      const { spec } = ofKind('ValidatingAdmissionPolicy').find(
        ({ metadata }) => metadata.name === `akv-injector-${name}`,
      )
      t.strictSame(coveredBy(spec.matchConstraints.resourceRules), looksAt)
      t.equal(spec.failurePolicy, unevaluated === 'ignored' ? 'Ignore' : 'Fail')
    })
}

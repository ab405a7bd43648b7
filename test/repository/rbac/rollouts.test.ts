import t from 'tap'
import { stringify } from 'yaml'
import { runInProcess } from '../../support/run-in-process.ts'
import { account, parseRoles } from './harness.ts'

const rbac = (documents: readonly string[], ...args: readonly string[]) =>
  runInProcess(['rbac', '-', ...args], { input: documents.join('---\n') })

interface Asked {
  readonly kind?: string
  readonly namespace?: string
  readonly metadata?: object
  /** What the annotation of the pod template says; undefined for pods that aren't injected. */
  readonly template?: string
  readonly serviceAccountName?: string
  readonly volumes?: readonly object[]
}
/** A workload that asks for roll-outs. */
const workload = (asked: Asked = {}) => {
  const { kind = 'Deployment', namespace = 'team-a', template, metadata, ...others } = asked
  const annotations = template && {
    ...{ 'akv-injector.io/vault': 'team-a', 'akv-injector.io/secrets': 'db' },
    'akv-injector.io/on-change': template,
  }
  const spec = { containers: [{ name: 'app', image: 'app' }], ...others }
  return stringify({
    ...{ apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1', kind },
    metadata: { name: 'web', namespace, ...metadata },
    spec: { template: { metadata: { ...(annotations && { annotations }) }, spec } },
  })
}
const own = (value: string) => ({ annotations: { 'akv-injector.io/on-change': value } })
const mark = 'akv-injector.io/rollouts'
const rulesOf = (stdout: string) => parseRoles(stdout).objects[0]?.rules ?? []

const rolloutRules = (...names: readonly string[]) => [
  {
    apiGroups: [''],
    resources: ['serviceaccounts/token'],
    resourceNames: [...names, mark],
    verbs: ['create'],
  },
  {
    apiGroups: [''],
    resources: ['serviceaccounts'],
    resourceNames: names,
    verbs: ['get', 'patch'],
  },
  { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get'] },
  {
    apiGroups: ['apps'],
    resources: ['deployments', 'statefulsets', 'daemonsets'],
    verbs: ['get', 'patch'],
  },
]
const events = { apiGroups: [''], resources: ['events'], verbs: ['create'] }

t.test('the accounts of workloads that ask for roll-outs get a rule without Secrets', async (t) => {
  const { code, stdout, stderr } = await rbac([
    workload({ template: 'rollout', serviceAccountName: 'web' }),
    workload({ kind: 'StatefulSet', template: 'rollout-env', serviceAccountName: 'db' }),
    workload({ kind: 'DaemonSet', metadata: own('rollout') }),
  ])
  t.match({ code, stderr }, { code: 0, stderr: '' })
  t.strictSame(rulesOf(stdout), [events, ...rolloutRules('db', 'default', 'web')])
  t.notMatch(stdout, 'secrets')
  t.match(stdout, /^# Enables roll-outs of the ServiceAccounts .*, and no Secret sync\./m)
  t.notMatch(stdout, 'Enables Secret sync')
})

t.test('an account for both is in two rules, and Secret sync keeps its own', async (t) => {
  const { stdout } = await rbac([
    account('web'),
    workload({ template: 'rollout', serviceAccountName: 'web' }),
    workload({ namespace: 'team-b', template: 'rollout', serviceAccountName: 'other' }),
  ])
  const names = [...rulesOf(stdout)].map(({ resources, resourceNames }) => [
    resources[0],
    resourceNames,
  ])
  t.strictSame(names, [
    ['serviceaccounts/token', ['web']],
    ['serviceaccounts', ['web']],
    ['secrets', undefined],
    ['events', undefined],
    ['serviceaccounts/token', ['web', mark]],
    ['serviceaccounts', ['web']],
    ['pods', undefined],
    ['replicasets', undefined],
    ['deployments', undefined],
  ])
  const inTeamB = parseRoles(stdout).objects[2]
  t.strictSame(inTeamB?.rules, [events, ...rolloutRules('other')])
  t.match(
    stdout,
    /^# Enables Secret sync. In each namespace below whose Role has a rule about secr/m,
  )
})

t.test('of the classes of served volumes, exactly those may be read', async (t) => {
  const volumes = ['kv', 'certs', 'kv', '../../etc'].map((secretProviderClass, i) => ({
    name: `volume-${i}`,
    csi: { driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass } },
  }))
  const other = { name: 'o', csi: { driver: 'other', volumeAttributes: volumes[0]?.csi } }
  const all = [...volumes, other]
  const classRule = (...resourceNames: readonly string[]) => ({
    apiGroups: ['secrets-store.csi.x-k8s.io'],
    resources: ['secretproviderclasses'],
    resourceNames,
    verbs: ['get'],
  })
  const rules = [events, ...rolloutRules('default')]
  const asking = workload({ metadata: own('rollout'), volumes: all })
  const { stdout } = await rbac([asking])
  t.strictSame(rulesOf(stdout), [...rules, classRule('certs', 'kv')])
  t.match(stdout, /^# - read the SecretProviderClasses in resourceNames/m)
  t.match(stdout, 'unless the chart has aggregatedRoles=false')
  const env = { AKV_INJECTOR_CSI: 'none' }
  for (const result of [
    await rbac([workload({ template: 'rollout-env', volumes: all })]),
    await runInProcess(['rbac', '-'], { input: asking, env }),
  ])
    t.strictSame(rulesOf(result.stdout), rules)
})

t.test('a placeholder in the name of a class stays in the Role, and a line says so', async (t) => {
  const volumeAttributes = { secretProviderClass: 'kv-${APP}' }
  const volumes = [{ name: 'kv', csi: { driver: 'secrets-store.csi.k8s.io', volumeAttributes } }]
  const { code, stdout, stderr } = await rbac([workload({ metadata: own('rollout'), volumes })])
  t.equal(code, 0)
  t.match(stdout, 'kv-${APP}')
  t.match(stderr, '${APP}: kept in the output')
})

t.test('with --watch namespaces, only Secret sync needs more', async (t) => {
  const { stdout } = await rbac([workload({ template: 'rollout' })], '--watch', 'namespaces')
  t.strictSame(rulesOf(stdout), [events, ...rolloutRules('default')])
})

t.test('workloads that can’t be rolled out, or don’t ask for it, need no rule', async (t) => {
  const owner = { apiVersion: 'a/v1', kind: 'Revision', name: 'a', uid: '1', controller: true }
  for (const document of [
    workload({ kind: 'Job', template: 'rollout' }),
    workload({ template: 'rollout', metadata: { ownerReferences: [owner] } }),
    workload(),
  ])
    t.match(await rbac([document]), {
      code: 0,
      stdout: '',
      stderr: /request no Secrets .* no roll-outs/,
    })
})

t.test('a mistake in the annotation is named, and then no Role is printed', async (t) => {
  for (const document of [
    workload({ template: 'restart' }),
    workload({ metadata: own('restart') }),
  ]) {
    const { code, stdout, stderr } = await rbac([account('web'), document])
    t.match({ code, stdout }, { code: 1, stdout: '' })
    t.match(
      stderr,
      /Deployment\/web \(standard input\): can't be rolled out\n {2}line \d+: \S*on-change "restart": expected "rollout"/,
    )
  }
})

t.test('--namespace holds for roll-outs, too', async (t) => {
  const document = workload({ template: 'rollout', namespace: 'kube-system' })
  t.match(await rbac([document], '-n', 'team-a'), {
    code: 1,
    stdout: '',
    stderr:
      'ServiceAccount default is in namespace kube-system, but --namespace accepts only team-a',
  })
})

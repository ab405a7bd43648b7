import t from 'tap'
import type { Manifest } from '../rendered.ts'
import { violations } from './admission.ts'
import { readRendering } from './renderings.ts'

/** Who is warned that a workload asks for roll-outs that can't happen. */
const mark = 'akv-injector.io/on-change'
const controller = 'system:serviceaccount:akv-injector:akv-injector-sync'
const rights = [
  ...['deployments', 'statefulsets', 'daemonsets'].map((kind) => `patch ${kind}.apps`),
  'create serviceaccounts/token web',
].map((right) => `${controller}: ${right}`)
const inTemplate = { 'akv-injector.io/secrets': 'team-a:db', [mark]: 'rollout' }

interface Asked {
  readonly metadata?: object
  /** Annotations of the template. */
  readonly annotations?: object
  readonly serviceAccountName?: string | undefined
  readonly spec?: object
}
const workload = (kind: string, asked: Asked) => {
  const { metadata = {}, annotations, serviceAccountName = 'web', spec = {} } = asked
  const template = { metadata: { annotations }, spec: { serviceAccountName } }
  if (kind === 'Pod') return { kind, metadata: { annotations, ...metadata }, spec: template.spec }
  const inside = kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template }
  return { kind, metadata, spec: { ...spec, ...inside } }
}
const resources: Readonly<Record<string, string>> = {
  ...{ Deployment: 'apps/deployments', StatefulSet: 'apps/statefulsets' },
  ...{ DaemonSet: 'apps/daemonsets', Job: 'batch/jobs', CronJob: 'batch/cronjobs', Pod: '/pods' },
}
const warnings = (
  object: Manifest,
  { manifests = readRendering('idleRollouts'), held = rights } = {},
) => {
  const [group = '', resource = ''] = resources[object.kind]?.split('/') ?? []
  const request = { operation: 'CREATE', namespace: { name: 'team-a' }, rights: held }
  return violations(manifests, { ...request, group, resource, object })
    .filter(({ policy }) => policy === 'idle-rollouts')
    .map(({ message }) => message)
}
const kinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const
const own = (value: string) => ({ metadata: { annotations: { [mark]: value } } })

t.test('a workload that can be rolled out isn’t reported, nor one that doesn’t ask', async (t) => {
  for (const kind of kinds) {
    t.strictSame(warnings(workload(kind, { annotations: inTemplate })), [])
    t.strictSame(warnings(workload(kind, own('rollout-env'))), [])
    t.strictSame(warnings(workload(kind, {}), { held: [] }), [])
  }
})

t.test('pods and Jobs that no workload created are reported', async (t) => {
  for (const kind of ['Pod', 'Job', 'CronJob']) {
    t.match(warnings(workload(kind, { annotations: inTemplate })), [/has no effect here: only a/])
    const metadata = { ownerReferences: [{ controller: true }] }
    const owned = { metadata: { ...metadata, annotations: inTemplate }, annotations: inTemplate }
    t.strictSame(warnings(workload(kind, owned)), [], 'its owner is reported')
  }
  t.match(warnings(workload('Job', own('rollout'))), [/has no effect here: only a/])
})

t.test('so are workloads of another controller, and OnDelete', async (t) => {
  const ownerReferences = (controller: boolean) => [{ kind: 'Revision', controller }]
  for (const kind of kinds) {
    const owned = (isController: boolean) =>
      workload(kind, {
        metadata: { ownerReferences: ownerReferences(isController) },
        annotations: inTemplate,
      })
    t.match(warnings(owned(true)), [/another controller owns this workload/])
    t.strictSame(warnings(owned(false)), [])
  }
  for (const kind of ['StatefulSet', 'DaemonSet']) {
    const spec = { updateStrategy: { type: 'OnDelete' } }
    t.match(warnings(workload(kind, { annotations: inTemplate, spec })), [/OnDelete/])
  }
})

t.test(
  'outside the template, the value is checked, and only injected pods make it idle',
  async (t) => {
    t.match(warnings(workload('Deployment', own('restart'))), [/expected "rollout"/])
    const { [mark]: _, ...injected } = inTemplate
    t.match(warnings(workload('Deployment', { ...own('rollout'), annotations: injected })), [
      /only the annotation of the pod template counts/,
    ])
  },
)

t.test('the rights are those on the workloads of the account', async (t) => {
  const asking = { annotations: inTemplate }
  for (const held of [[], rights.slice(0, 3), rights.slice(3)])
    t.match(warnings(workload('Deployment', asking), { held }), [
      /no Role allows roll-outs of the workloads of this ServiceAccount.*akv-injector rbac FILE/,
    ])
  const other = workload('Deployment', { ...asking, serviceAccountName: 'other' })
  t.match(warnings(other), [/no Role allows/])
})

t.test('while roll-outs are off, that is the reason', async (t) => {
  const manifests = readRendering('install')
  t.match(warnings(workload('Deployment', { annotations: inTemplate }), { manifests }), [
    /has no effect yet: roll-outs are off/,
  ])
  t.match(warnings(workload('Job', { annotations: inTemplate }), { manifests }), [/only a Deploy/])
  t.strictSame(warnings(workload('Deployment', {}), { manifests }), [])
})

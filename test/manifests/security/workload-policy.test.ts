import t from 'tap'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import { render, withoutHelm } from '../helm.ts'
import { type Manifest, readRendered } from '../rendered.ts'
import { violations, webhooksCalled } from './admission.ts'
import type { Labels } from './matching.ts'
import { csiLabel, type ExampleNamespace, excluded, ordinary } from './namespaces.ts'
import { readRendering } from './renderings.ts'
import { everyOperator, leftOut, selected } from './selector-example.ts'

/** Which workloads are reported because their pods would start without their secrets. */
const install = readRendering('install')
const csiLabelled = readRendering('csiLabelled')
const csiAll = readRendering('csiAll')
const kinds: readonly (readonly [group: string, resource: string])[] = [
  ['apps', 'deployments'],
  ['apps', 'statefulsets'],
  ['apps', 'daemonsets'],
  ['apps', 'replicasets'],
  ['batch', 'jobs'],
  ['batch', 'cronjobs'],
]
interface Workload {
  readonly namespace?: ExampleNamespace
  readonly annotations?: Labels
  /** Labels of the pods. */
  readonly labels?: Labels
  readonly volumes?: readonly object[]
  readonly ownerReferences?: readonly object[]
}
const templates = [
  'templates/policies/uninjected.yaml',
  'templates/mutating-webhook-configuration.yaml',
]
const operators: ExampleNamespace = { name: 'shop', labels: { 'control-plane': 'x' } }
const secrets = { [`${annotationPrefix}secrets`]: 'a' }
const notInjected = { ...secrets, [`${annotationPrefix}inject`]: 'False' }

/** Whether a workload is reported. Each kind must get the same answer, when it is created and when it is updated. */
function isReported(objects: readonly Manifest[], workload: Workload): boolean {
  const { namespace = operators, annotations, labels, volumes, ownerReferences } = workload
  const template = JSON.parse(
    JSON.stringify({ metadata: { annotations, labels }, spec: { volumes } }),
  )
  const metadata = ownerReferences ? { ownerReferences } : {}
  const answers = kinds.flatMap(([group, resource]) => {
    const spec = resource === 'cronjobs' ? { jobTemplate: { spec: { template } } } : { template }
    const request = { group, resource, namespace, object: { metadata, spec } }
    return ['CREATE', 'UPDATE'].map((operation) => {
      const found = violations(objects, { ...request, operation })
      return found.map(({ policy }) => policy).join()
    })
  })
  const [answer, ...others] = new Set(answers)
  if (others.length > 0) throw new Error(`one of "${answer}" and "${others}" is wrong`)
  return answer === 'uninjected-workloads'
}

t.test('annotated workloads are reported exactly if their pods aren’t injected', async (t) => {
  for (const objects of [install, csiLabelled, csiAll]) {
    for (const namespace of ordinary)
      t.notOk(isReported(objects, { namespace, annotations: secrets }), JSON.stringify(namespace))
    for (const namespace of excluded)
      t.ok(isReported(objects, { namespace, annotations: secrets }), JSON.stringify(namespace))
  }
})

t.test('with the administrator’s selectors, too', { skip: withoutHelm }, async (t) => {
  const examples = [selected, { ...selected, 'not-in': 'other', more: '' }, ...leftOut]
  const workloads = ['open', 'closed'].flatMap((name) =>
    examples.flatMap((labels) => [
      { namespace: { name, labels }, labels: selected, annotations: secrets },
      { namespace: { name, labels: selected }, labels, annotations: secrets },
    ]),
  )
  const both = { namespaceSelector: everyOperator, objectSelector: everyOperator }
  for (const selectors of [
    both,
    { namespaceSelector: everyOperator },
    { objectSelector: everyOperator },
  ]) {
    const webhook = { excludedNamespaces: ['closed'], ...selectors }
    const { objects } = readRendered(render({ values: { webhook }, only: templates }).text)
    const sent = workloads.filter(({ namespace, ...metadata }) => {
      const pod = { resource: 'pods', object: { metadata, spec: {} } }
      return webhooksCalled(objects, { operation: 'CREATE', namespace, ...pod }).length > 0
    })
    t.ok(sent.length > 3)
    t.ok(sent.every(({ namespace }) => namespace.name === 'open'))
    for (const workload of workloads)
      t.equal(isReported(objects, workload), !sent.includes(workload), JSON.stringify(workload))
  }
})

t.test('workloads that want no injection, or were reported before, aren’t reported', async (t) => {
  const quiet: readonly Workload[] = [
    {},
    { annotations: { a: 'b', 'akv-injector.example/secrets': 'a' } },
    { annotations: notInjected },
    // Whoever applied the owner was warned.
    { annotations: secrets, ownerReferences: [{ name: 'web', controller: true }] },
  ]
  for (const workload of quiet) t.notOk(isReported(install, workload), JSON.stringify(workload))
  t.ok(isReported(install, { annotations: secrets, ownerReferences: [{ name: 'web' }] }))
})

t.test(
  'volumes of the CSI driver in labelled namespaces are reported like annotations',
  async (t) => {
    const csi = { driver: 'secrets-store.csi.k8s.io' }
    const volumes = [{ name: 'a' }, { name: 'b', csi }]
    for (const { name, labels } of excluded) {
      const namespace = { name, labels: { ...labels, ...csiLabel } }
      t.ok(isReported(csiLabelled, { namespace, volumes }), name)
      const quiet: readonly Workload[] = [
        { namespace: { name, labels }, volumes },
        { namespace, volumes: [{ name: 'b', csi: { driver: 'other.example' } }] },
        { namespace, volumes, annotations: notInjected },
        { namespace },
      ]
      for (const workload of quiet)
        t.notOk(isReported(csiLabelled, workload), JSON.stringify(workload))
      t.notOk(isReported(install, { namespace, volumes }), 'csi.namespaces is not set')
      t.ok(isReported(csiAll, { namespace: { name, labels }, volumes }), 'without the label')
    }
    for (const { name, labels } of ordinary)
      t.notOk(
        isReported(csiLabelled, {
          namespace: { name, labels: { ...labels, ...csiLabel } },
          volumes,
        }),
      )
  },
)

import t from 'tap'
import { templatePaths } from '../../../../repository/input/document/search-templates.ts'

const pod = { spec: { containers: [{ name: 'app' }] } }
const annotated = { metadata: { annotations: { 'akv-injector.io/vault': 'team-a' } } }
const pathsIn = (object: object) => templatePaths({ ...object })?.map((path) => path.join('.'))

t.test('pod templates are found anywhere in any kind', async (t) => {
  for (const [object, paths] of [
    [{ kind: 'Pod' }, ['']],
    [{ kind: 'PodTemplate', template: pod }, ['template']],
    [{ kind: 'Rollout', spec: { template: pod } }, ['spec.template']],
    [
      { kind: 'AdvancedCronJob', spec: { template: { jobTemplate: { spec: { template: pod } } } } },
      ['spec.template.jobTemplate.spec.template'],
    ],
    [
      {
        kind: 'RayCluster',
        spec: { headGroupSpec: { template: pod }, workerGroupSpecs: [{ template: pod }] },
      },
      ['spec.headGroupSpec.template', 'spec.workerGroupSpecs.0.template'],
    ],
    [{ kind: 'Deployment', spec: { template: annotated } }, ['spec.template']],
    [
      { kind: 'CronJob', spec: { jobTemplate: { ...annotated, spec: { template: pod } } } },
      ['spec.jobTemplate.spec.template'],
    ],
  ] as const)
    t.strictSame(pathsIn(object), paths)
})

t.test('objects of other kinds have no pod templates', async (t) => {
  for (const object of [
    { kind: 'Prometheus', ...pod },
    { kind: 'ConfigMap', metadata: { template: pod }, status: { template: pod } },
    { kind: 'Deployment', spec: { template: 7 } },
    { kind: 'Deployment', spec: { template: { spec: { containers: 'x' } } } },
    { kind: 'StatefulSet', spec: { volumeClaimTemplates: [annotated] } },
    { kind: 'Workflow', spec: { templates: [{ container: {} }] } },
    JSON.parse('{ "kind": "__proto__", "__proto__": { "constructor": 1 } }'),
  ])
    t.strictSame(pathsIn(object), [])
})

t.test('the search for pod templates is bounded in depth and size', async (t) => {
  const nested = (depth: number): object =>
    depth === 0 ? { template: pod } : { a: nested(depth - 1) }
  t.equal(pathsIn(nested(60))?.length, 1)
  t.strictSame(pathsIn(nested(70)), [])
  const list = Array.from({ length: 2000 }, () => 1)
  t.strictSame(pathsIn({ spec: Array.from({ length: 900 }, () => list) }), [])
  t.equal(pathsIn({ spec: Array.from({ length: 1100 }, () => list) }), undefined)
})

import t from 'tap'
import { workloadOf } from '../../../operate/cluster/pods/workload-of.ts'

t.test('the workload of a pod is found in the pod alone', (t) => {
  const owned = (kind: string, name: string, labels = {}) =>
    workloadOf({
      metadata: {
        name: 'web-abc-1',
        labels,
        ownerReferences: [
          { kind: 'Node', name: 'x' },
          { controller: true, kind, name },
        ],
      },
    })
  t.equal(owned('ReplicaSet', 'web-abc', { 'pod-template-hash': 'abc' }), 'Deployment/web')
  t.equal(owned('ReplicaSet', 'web-abc', { 'pod-template-hash': 'bc' }), 'ReplicaSet/web-abc')
  t.equal(owned('ReplicaSet', 'web-abc'), 'ReplicaSet/web-abc')
  t.equal(owned('StatefulSet', 'db'), 'StatefulSet/db')
  for (const ownerReferences of [undefined, null, [], [1], [{}], {}])
    t.equal(workloadOf({ metadata: { name: 'web', ownerReferences } }), 'Pod/web')
  t.end()
})

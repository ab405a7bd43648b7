import t from 'tap'
import type { JsonObject } from '../../../../lib/shape.ts'
import { workloadState } from '../../../../sync/rollouts/read/workload-state.ts'

const metadata = { generation: 2 }
const stateOf = (kind: 'Deployment' | 'StatefulSet' | 'DaemonSet', spec: object, status: object) =>
  workloadState(kind, {
    metadata,
    spec,
    status: { observedGeneration: 2, ...status },
  } as JsonObject)
const progressing = (status: string, reason: string) => ({
  conditions: [{ type: 'Progressing', status, reason }],
})

t.test('a Deployment', async (t) => {
  const complete = {
    ...{ replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
    ...progressing('True', 'NewReplicaSetAvailable'),
  }
  const ofStatus = (changes: object, spec = {}) =>
    stateOf('Deployment', { replicas: 2, ...spec }, { ...complete, ...changes })
  t.strictSame(ofStatus({}), { state: 'ready', replaces: 'all', replacesUnready: true })
  t.match(ofStatus({ observedGeneration: 1 }), { state: 'rolling' })
  t.match(ofStatus({ updatedReplicas: 1, replicas: 3 }), { state: 'rolling' })
  t.match(ofStatus({ replicas: 3 }), { state: 'rolling' }, 'with an old pod')
  t.match(ofStatus({ availableReplicas: 1 }), { state: 'failing' }, 'a pod fails after it')
  const updating = progressing('True', 'ReplicaSetUpdated')
  t.match(ofStatus({ availableReplicas: 1, ...updating }), { state: 'rolling' })
  const late = progressing('False', 'ProgressDeadlineExceeded')
  t.match(ofStatus({ updatedReplicas: 1, ...late }), { state: 'failing' })
  t.match(ofStatus({ ...late }, { paused: true }), { state: 'paused' })
})

t.test('a StatefulSet', async (t) => {
  const complete = {
    ...{ availableReplicas: 3, updatedReplicas: 3 },
    ...{ currentRevision: 'a', updateRevision: 'a' },
  }
  const ofStatus = (changes: object, spec = {}) =>
    stateOf('StatefulSet', { replicas: 3, ...spec }, { ...complete, ...changes })
  t.strictSame(ofStatus({}), { state: 'ready', replaces: 'all', replacesUnready: false })
  t.match(ofStatus({}, { podManagementPolicy: 'Parallel' }), { replacesUnready: true })
  const updating = { updateRevision: 'b', updatedReplicas: 1 }
  t.match(ofStatus(updating), { state: 'rolling' })
  const partition = (from: number) => ({
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: from } },
  })
  const left = { state: 'ready', replaces: { fromOrdinal: 2 } }
  t.match(ofStatus(updating, partition(2)), left, 'all above the partition are new')
  const late = { ordinals: { start: 2 }, ...partition(2) }
  t.match(ofStatus(updating, late), { state: 'rolling' }, 'all are above it')
  t.match(ofStatus({ availableReplicas: 2 }), { state: 'failing' })
  const onDelete = { updateStrategy: { type: 'OnDelete' } }
  t.match(ofStatus(updating, onDelete), { state: 'ready', replaces: 'none' })
})

t.test('a DaemonSet', async (t) => {
  const complete = { desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 }
  const ofStatus = (changes: object, spec = {}) =>
    stateOf('DaemonSet', spec, { ...complete, ...changes })
  t.strictSame(ofStatus({}), { state: 'ready', replaces: 'all', replacesUnready: true })
  t.match(ofStatus({ updatedNumberScheduled: 1 }), { state: 'rolling' })
  t.match(ofStatus({ numberAvailable: 1 }), { state: 'failing' })
})

import { type JsonObject, objectAt, objectsAt, valueAt } from '../../../lib/shape.ts'
import type { WorkloadKind } from '../../../requests/annotations/on-change.ts'
import type { RolledWorkload } from '../rule/decide-rollout.ts'

type State = RolledWorkload['state']

/** What a workload is doing, as its status says. */
export function workloadState(kind: WorkloadKind, workload: JsonObject): RolledWorkload {
  return {
    state: isObserved(workload) ? states[kind](workload) : 'rolling',
    replaces: replacedBy(kind, workload),
    replacesUnready: kind !== 'StatefulSet' || isParallel(workload),
  }
}

/** Whether the status is about the spec as it is now. */
const isObserved = (workload: JsonObject): boolean =>
  numberAt(workload, 'status', 'observedGeneration') >= numberAt(workload, 'metadata', 'generation')

const states: Readonly<Record<WorkloadKind, (workload: JsonObject) => State>> = {
  Deployment: deploymentState,
  StatefulSet: statefulSetState,
  DaemonSet: daemonSetState,
}

/** `Progressing` says when a roll-out has completed, or has taken too long: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status */
function deploymentState(workload: JsonObject): State {
  if (valueAt(workload, 'spec', 'paused') === true) return 'paused'
  const progressing = objectsAt(workload, 'status', 'conditions').find(
    ({ type }) => type === 'Progressing',
  )
  if (progressing?.['status'] === 'False') return 'failing'
  const desired = replicasOf(workload)
  const status = (member: string) => numberAt(workload, 'status', member)
  const isUpdated = status('updatedReplicas') >= desired && status('replicas') <= desired
  if (!isUpdated) return 'rolling'
  if (status('availableReplicas') >= desired) return 'ready'
  return progressing?.['reason'] === 'NewReplicaSetAvailable' ? 'failing' : 'rolling'
}

function statefulSetState(workload: JsonObject): State {
  const desired = replicasOf(workload)
  const { currentRevision, updateRevision } = objectAt(workload, 'status')
  const updated = numberAt(workload, 'status', 'updatedReplicas')
  const first = numberAt(workload, 'spec', 'ordinals', 'start')
  const expected = Math.min(desired, Math.max(0, first + desired - partitionOf(workload)))
  const isOnDelete = valueAt(workload, 'spec', 'updateStrategy', 'type') === 'OnDelete'
  if (!isOnDelete && currentRevision !== updateRevision && updated < expected) return 'rolling'
  const available = numberAt(workload, 'status', 'availableReplicas')
  return available >= desired ? 'ready' : 'failing'
}

function daemonSetState(workload: JsonObject): State {
  const status = (member: string) => numberAt(workload, 'status', member)
  const desired = status('desiredNumberScheduled')
  const isOnDelete = valueAt(workload, 'spec', 'updateStrategy', 'type') === 'OnDelete'
  if (!isOnDelete && status('updatedNumberScheduled') < desired) return 'rolling'
  return status('numberAvailable') >= desired ? 'ready' : 'failing'
}

function replacedBy(kind: WorkloadKind, workload: JsonObject): RolledWorkload['replaces'] {
  if (kind === 'Deployment') return 'all'
  if (valueAt(workload, 'spec', 'updateStrategy', 'type') === 'OnDelete') return 'none'
  const partition = kind === 'StatefulSet' ? partitionOf(workload) : 0
  if (partition === 0) return 'all'
  // The partition is compared with ordinals, wherever they start.
  return { fromOrdinal: partition }
}

/** Otherwise, the controller of StatefulSets waits until each pod is ready before it replaces any. */
const isParallel = (workload: JsonObject): boolean =>
  valueAt(workload, 'spec', 'podManagementPolicy') === 'Parallel'

const partitionOf = (workload: JsonObject): number =>
  numberAt(workload, 'spec', 'updateStrategy', 'rollingUpdate', 'partition')

function numberAt(workload: JsonObject, ...path: readonly string[]): number {
  const value = valueAt(workload, ...path)
  return typeof value === 'number' ? value : 0
}

/** One, if nothing is said. */
function replicasOf(workload: JsonObject): number {
  const replicas = valueAt(workload, 'spec', 'replicas')
  return typeof replicas === 'number' ? replicas : 1
}

import type { JsonObject } from '../../../../lib/shape.ts'
import type { WorkloadFacts } from '../../model/workload-facts.ts'
import type { PodContainer } from './pod-containers.ts'

/** A pod that is judged, and what is known about it. */
export interface JudgedPod
  extends Pick<
    WorkloadFacts,
    | 'agent'
    | 'asked'
    | 'config'
    | 'configuredAtMs'
    | 'events'
    | 'isExcluded'
    | 'namespace'
    | 'namespaceObject'
    | 'node'
    | 'nowMs'
    | 'object'
    | 'secretMakers'
    | 'target'
    | 'volumesServed'
  > {
  readonly pod: JsonObject
  readonly containers: readonly PodContainer[]
  /** The names of the volumes that the webhook adds or replaces. */
  readonly ourVolumes: readonly string[]
  /** Where our volumes are mounted in the containers. */
  readonly ourPaths: readonly string[]
}

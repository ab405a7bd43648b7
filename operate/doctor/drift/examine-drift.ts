import type { JsonObject } from '../../../lib/shape.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import type { Install } from '../model/find-install.ts'
import { asksByAnnotations, hasController } from '../model/is-annotated.ts'
import { templateOf } from '../model/objects.ts'
import { type Drift, type DriftFacts, findDrift } from './find-drift.ts'
import { findLost } from './find-lost.ts'

/** What somebody has changed since the install, and what follows from it. */
export interface ExaminedDrift {
  readonly differences: readonly Drift[]
  /** Whether something that selects pods for the webhook has changed. */
  readonly isSelectionChanged: boolean
  /** Whether the API server would send a pod, or a workload's pods, to the webhook if nobody had changed the selectors. */
  readonly isLost: (object: JsonObject) => boolean
  /** The annotated workloads of which that is so, or else the pods. */
  readonly lost: readonly JsonObject[]
}

type Facts = DriftFacts &
  Pick<ClusterFacts, 'namespaces' | 'deployments' | 'daemonSets' | 'otherWorkloads' | 'pods'>

/** Compares a cluster with what was installed. */
export function examineDrift(facts: Facts, install: Install): ExaminedDrift {
  const differences = findDrift(facts)
  const isSelectionChanged = differences.some((one) => one.kind === 'changed' && one.field.selects)
  const isLost = isSelectionChanged ? findLost(facts, install) : () => false
  const { deployments = [], daemonSets = [], otherWorkloads = [], pods = [] } = facts
  const workloads = [...deployments, ...daemonSets, ...otherWorkloads].filter(
    (one) => !hasController(one) && asksByAnnotations(templateOf(one)) && isLost(one),
  )
  const lost =
    workloads.length > 0
      ? workloads
      : pods.filter((pod) => !hasController(pod) && asksByAnnotations(pod) && isLost(pod))
  return { differences, isSelectionChanged, isLost, lost }
}

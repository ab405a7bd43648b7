import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import { annotationPrefix, ownKeys } from '../../../requests/annotations/keys/own-annotations.ts'
import { onChangeKey } from '../../../requests/annotations/on-change.ts'
import { asksByAnnotations } from '../model/is-annotated.ts'
import { timeAt } from '../model/objects.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'
import type { PodFault } from './fault.ts'

/** Why a pod has no agent. */
type NotInjected =
  | { readonly kind: 'asksForNothing' }
  /** The annotations are on the workload, where they have no effect. */
  | { readonly kind: 'misplaced'; readonly keys: readonly string[] }
  /** The webhook leaves the namespace alone. */
  | { readonly kind: 'excluded' }
  /** The cluster has no webhook configuration. */
  | { readonly kind: 'notConfigured' }
  /** The pod is older than the webhook configuration. */
  | { readonly kind: 'older' }
  | { readonly kind: 'notKnown' }

type PodFacts = Pick<
  WorkloadFacts,
  'agent' | 'configuredAtMs' | 'isExcluded' | 'namespace' | 'object' | 'pod' | 'target'
>

/** Undefined if it has one. */
export function whyNotInjected({
  agent,
  pod,
  target,
  object,
  isExcluded,
  configuredAtMs,
}: PodFacts): NotInjected | undefined {
  if (agent !== undefined) return undefined
  if (!asksByAnnotations(pod)) {
    const keys = target.kind === 'Pod' ? [] : misplacedKeys(object)
    return keys.length > 0 ? { kind: 'misplaced', keys } : { kind: 'asksForNothing' }
  }
  if (isExcluded) return { kind: 'excluded' }
  if (configuredAtMs === null) return { kind: 'notConfigured' }
  const createdMs = timeAt(pod, 'metadata', 'creationTimestamp')
  const isOlder =
    configuredAtMs !== undefined && createdMs !== undefined && createdMs <= configuredAtMs
  return { kind: isOlder ? 'older' : 'notKnown' }
}

/** A workload asks for roll-outs in its own metadata if its pods only use a synced Secret. */
const misplacedKeys = (workload: WorkloadFacts['object']): readonly string[] =>
  ownKeys(annotationsOf(workload)).filter((key) => key !== annotationPrefix + onChangeKey)

/** The fault of a pod that should have an agent, and hasn't. */
export function notInjectedFault(facts: PodFacts): PodFault | undefined {
  const why = whyNotInjected(facts)
  if (why === undefined || why.kind === 'asksForNothing') return undefined
  const message = sayNotInjected(why, facts)
  return { kind: 'us', code: 'NotInjected', isFailing: true, ...(message !== '' && { message }) }
}

function sayNotInjected(why: NotInjected, { namespace, target }: PodFacts): string {
  switch (why.kind) {
    case 'misplaced':
      return `they are on the ${target.kind}, where they have no effect`
    case 'excluded':
      return `the webhook leaves namespace ${namespace} alone`
    case 'notConfigured':
      return 'the cluster has no webhook configuration of akv-injector'
    case 'older':
      return 'it is older than the webhook configuration'
    default:
      return ''
  }
}

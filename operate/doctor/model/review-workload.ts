import { InputError } from '../../../command/input-error.ts'
import { applyPatch } from '../../../command/review/apply-patch.ts'
import { findAgent } from '../../../command/review/describe-injection.ts'
import { readServing, type Serving } from '../../../command/review/read-serving.ts'
import { reviewRequest } from '../../../command/review/review-request.ts'
import type { AgentConfig } from '../../../delivery/contract.ts'
import { describeProblem } from '../../../lib/problems/problem.ts'
import { type JsonObject, objectAt } from '../../../lib/shape.ts'
import { skipReasons } from '../../../webhook/core/model/outcome.ts'
import { type Pod, readPod } from '../../../webhook/core/model/pod.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import { nameOf, templateOf } from './objects.ts'
import type { WorkloadFacts } from './workload-facts.ts'

/** What a workload asks for, or why there is nothing. */
export type Reviewed =
  /** `isPlanned`: this pod has no agent, but the webhook would add one to a new pod */
  | {
      readonly kind: 'injected'
      readonly pod: Pod
      readonly config: AgentConfig
      readonly isPlanned: boolean
    }
  | { readonly kind: 'denied'; readonly problems: readonly string[] }
  | { readonly kind: 'nothing'; readonly reason: string }

/**
 * Finds out what a workload asks for, from the agent of its pod, or else from what the webhook would do with its
 * template. The webhook's own code decides that, with the webhook's settings if the caller may read them.
 */
export function reviewWorkload(facts: WorkloadFacts): Reviewed {
  const { agent, config, pod, object, namespace } = facts
  if (pod !== undefined && config !== undefined) {
    const read = readPod(pod)
    if (read.kind === 'valid')
      return { kind: 'injected', pod: read.value, config, isPlanned: false }
  }
  if (pod !== undefined && agent !== undefined)
    return { kind: 'nothing', reason: 'its agent has no configuration that can be read' }
  const template = pod ?? { ...templateOf(object) }
  return reviewPod(asPod(template, object), { namespace, serving: servingOf(facts) })
}

/** Adds the kind, which a template doesn't have. */
const asPod = (template: JsonObject, owner: JsonObject): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  ...template,
  metadata: { generateName: `${nameOf(owner)}-`, ...objectAt(template, 'metadata') },
})

function reviewPod(
  pod: JsonObject,
  { namespace, serving }: { readonly namespace: string; readonly serving: Serving },
): Reviewed {
  const outcome = mutate(reviewRequest({ pod, namespace }), serving.policy)
  switch (outcome.kind) {
    case 'denied':
      return { kind: 'denied', problems: outcome.problems.map(describeProblem) }
    case 'skipped':
      return { kind: 'nothing', reason: skipReasons[outcome.reason] }
    case 'injected': {
      const injected = applyPatch(pod, outcome.operations)
      return {
        kind: 'injected',
        pod: injected,
        config: findAgent(injected).config,
        isPlanned: true,
      }
    }
    default:
      return outcome satisfies never
  }
}

/**
 * Settings that name files of the webhook's container are left out, because the files aren't here. Of those that change what a workload
 * asks for, the content was read from the cluster.
 */
function servingOf(facts: WorkloadFacts): Serving {
  const serving = readServingOf(facts)
  const { teamDefaults } = facts
  return teamDefaults === undefined
    ? serving
    : { ...serving, policy: { ...serving.policy, teamDefaults } }
}

function readServingOf({ settings }: WorkloadFacts): Serving {
  if (settings === undefined) return readServing(process.env)
  const readable = Object.entries(settings).filter(([name]) => !/_(?:FILE|DIR)$/.test(name))
  try {
    return readServing(Object.fromEntries(readable))
  } catch (error) {
    if (error instanceof InputError) return readServing({})
    throw error
  }
}

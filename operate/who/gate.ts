import { InputError } from '../../command/input-error.ts'
import { isAnswer } from '../../kubernetes/answers.ts'
import { countOf } from '../../lib/count-of.ts'
import { printable } from '../../lib/printable.ts'
import { asClusterError, type Cluster } from '../cluster/open-cluster.ts'
import type { AgentImages } from '../cluster/pods/agent-images.ts'
import type { AgentPod } from '../cluster/pods/agent-pod.ts'
import type { Unasked } from './holding.ts'
import { describeLeftOut, type LeftOutPod } from './left-out.ts'
import { describeQuery, type ObjectQuery } from './object-query.ts'
import { mayHold } from './pod-findings.ts'

const limits =
  'the gate guards against mistakes: it doesn’t see other clusters, pods that start after it has asked, what other tools deliver, variables that pods took from Secrets, or what an app keeps in memory'
const trust =
  'the gate believes the authors of pods, whoever has pods/exec in them and so may write their logs, and whoever may annotate ServiceAccounts'

/** Sentences about what the gate can't know, and which images it trusts. */
export const gateNotices = (images: AgentImages | undefined): readonly string[] => [
  ...(images === undefined ? [] : [imagesSentence(images)]),
  limits,
  trust,
]

const imagesSentence = ({ by, value }: AgentImages): string =>
  `the gate takes containers for agents that run ${value.map((image) => printable(image, 200)).join(' or ')}, as ${by === 'options' ? 'your options say' : 'the webhook’s Deployment says'}`

/**
 * Finds pods with the object that were created, or whose containers were started, while the agents were being asked.
 */
export function changedMeanwhile(
  before: readonly AgentPod[],
  { after, query }: { readonly after: readonly AgentPod[]; readonly query: ObjectQuery },
): readonly Unasked[] {
  const known = new Set(before.map(startsOf))
  return after
    .filter((pod) => mayHold(pod, query) && !known.has(startsOf(pod)))
    .map(({ namespace, workload, name: holder }) => ({
      namespace,
      workload,
      holder,
      why: 'it was started, or one of its containers was, while others were asked; ask again',
    }))
}

const startsOf = ({ uid, state, others }: AgentPod): string =>
  JSON.stringify([
    uid,
    state?.restarts,
    others.map(({ name, startedAtMs, restarts }) => [name, startedAtMs, restarts]),
  ])

/**
 * Checks that the namespace exists, because its name may be misspelt, and the lists of an unknown namespace are simply
 * empty.
 *
 * @throws InputError if it doesn't exist
 */
export async function requireNamespace({
  get,
  namespace,
}: Pick<Cluster, 'get' | 'namespace'>): Promise<void> {
  if (namespace === undefined) return
  try {
    await get(`/api/v1/namespaces/${encodeURIComponent(namespace)}`)
  } catch (error) {
    if (isAnswer(error, 404))
      throw new InputError(`the cluster has no namespace ${namespace}; check its name`)
    // A caller who may list the pods of a namespace may not be allowed to get the Namespace.
    if (!isAnswer(error, 403)) throw asClusterError(`namespace ${namespace}`, error)
  }
}

/** The gate's result. `unnamed`: nothing names the object, so its name may be wrong. */
export type GateResult = 'open' | 'shut' | 'unnamed'

/**
 * Opens the gate only if nothing holds the version, and everything could be asked: what couldn't be asked may hold it.
 */
export function gateResult(counts: {
  readonly holders: number
  readonly unasked: number
  /** Whether a pod or an account names the object. */
  readonly isNamed: boolean
}): GateResult {
  if (counts.holders + counts.unasked > 0) return 'shut'
  return counts.isNamed ? 'open' : 'unnamed'
}

/** Describes the gate's result in a sentence. */
export function gateSentence({
  query,
  result,
  holders,
  unasked,
  asking,
  leftOut,
}: {
  readonly query: ObjectQuery
  readonly result: GateResult
  readonly holders: number
  readonly unasked: number
  /** How many pods and accounts use the object. */
  readonly asking: number
  readonly leftOut: readonly LeftOutPod[]
}): string {
  const version = describeQuery(query)
  const without = leftOut.length === 0 ? '' : `; ${describeLeftOut(leftOut)}`
  switch (result) {
    case 'shut':
      return `the gate is shut for ${version}: ${countOf(holders, 'holder')}, and ${unasked} that could not be asked${without}`
    case 'unnamed':
      return `the gate is not open for ${version}: nobody asks for this object; check its name, and the namespace${without}`
    case 'open':
      return `the gate is open for ${version}: nobody of ${asking} that ask for the object holds it${without}`
    default:
      return result satisfies never
  }
}

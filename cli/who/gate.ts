import { isAnswer } from '../../kubernetes/answers.ts'
import { countOf } from '../../lib/count-of.ts'
import { asClusterError, type Cluster } from '../cluster/open-cluster.ts'
import type { AgentPod } from '../cluster/pods/agent-pod.ts'
import { InputError } from '../input/text/input-error.ts'
import { type AskedPlace, describeAsked } from './asked-place.ts'
import type { Unasked } from './holding.ts'
import { objectsAskedAbout } from './pod-findings.ts'

/** What the gate can't know, in a sentence. */
export const gateLimits =
  'the gate guards against mistakes: it doesn’t see other clusters, pods that start after it has asked, what other tools deliver, variables that pods took from Secrets, or what an app keeps in memory, and it believes the authors of pods'

/** The pods that ask for the object and were started, or whose containers were, while others were asked. */
export function changedMeanwhile(
  before: readonly AgentPod[],
  { after, place }: { readonly after: readonly AgentPod[]; readonly place: AskedPlace },
): readonly Unasked[] {
  const known = new Set(before.map(startsOf))
  return after
    .filter((pod) => objectsAskedAbout(pod, place)?.length !== 0 && !known.has(startsOf(pod)))
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
 * Lists of a namespace that doesn't exist are empty. Its name may be misspelt.
 *
 * @throws InputError if there is none
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
    // A caller may list the pods of a namespace, and not read the namespace itself.
    if (!isAnswer(error, 403)) throw asClusterError(`namespace ${namespace}`, error)
  }
}

/** The result of the gate, as a sentence. */
export function gateSentence({
  place,
  isOpen,
  holders,
  unasked,
  asking,
}: {
  readonly place: AskedPlace
  readonly isOpen: boolean
  readonly holders: number
  readonly unasked: number
  /** How many pods and accounts ask for the object. */
  readonly asking: number
}): string {
  const version = describeAsked(place)
  if (!isOpen)
    return `the gate is shut for ${version}: ${countOf(holders, 'holder')}, and ${unasked} that could not be asked`
  return asking === 0
    ? `the gate is open for ${version}: nobody asks for this object; check its name`
    : `the gate is open for ${version}: nobody of ${asking} that ask for the object holds it`
}

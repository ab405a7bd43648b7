import { limitHeapGrowth } from '../../../command/limit-heap-growth.ts'
import { type Kind, listAll } from '../list-all.ts'
import type { Cluster } from '../open-cluster.ts'
import { type AgentPod, type ReadOptions, readAgentPod } from './agent-pod.ts'

const pods: Kind = { kind: 'Pod', api: 'api/v1', resource: 'pods' }

/**
 * Lists the pods that have an agent. Pages of pods and logs of agents leave a lot of garbage, so V8 collects more often
 * from now on.
 */
export async function listAgentPods(
  cluster: Pick<Cluster, 'get' | 'notices' | 'namespace'>,
  { selector, ...options }: ReadOptions & { readonly selector?: string | undefined },
): Promise<readonly AgentPod[]> {
  limitHeapGrowth()
  const found: AgentPod[] = []
  await listAll(cluster, pods, {
    namespace: cluster.namespace,
    selector,
    onObject: (object) => {
      const pod = readAgentPod(object, options)
      if (pod !== undefined) found.push(withoutMessages(pod))
    },
  })
  return found
}

/** Drops the termination messages: there may be thousands of pods, and their apps write the messages. */
const withoutMessages = (pod: AgentPod): AgentPod => ({
  ...pod,
  others: pod.others.map((container) => ({ ...container, message: '', ended: undefined })),
})

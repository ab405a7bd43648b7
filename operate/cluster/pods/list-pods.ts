import { limitHeapGrowth } from '../../../command/limit-heap-growth.ts'
import { type Kind, listAll } from '../list-all.ts'
import type { Cluster } from '../open-cluster.ts'
import { type AgentPod, type ReadOptions, readAgentPod } from './agent-pod.ts'

const pods: Kind = { kind: 'Pod', api: 'api/v1', resource: 'pods' }

/** The pods that have an agent. Pages of pods and logs of agents leave much garbage, so V8 collects it more often from now on. */
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

/** There may be thousands of pods, and their apps write these messages. */
const withoutMessages = (pod: AgentPod): AgentPod => ({
  ...pod,
  others: pod.others.map((container) => ({ ...container, ended: undefined })),
})

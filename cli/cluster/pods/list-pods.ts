import { type Kind, listAll } from '../list-all.ts'
import type { Cluster } from '../open-cluster.ts'
import type { AgentImages } from './agent-images.ts'
import { type AgentPod, readAgentPod } from './agent-pod.ts'

const pods: Kind = { kind: 'Pod', api: 'api/v1', resource: 'pods' }

/** The pods that have an agent. */
export async function listAgentPods(
  cluster: Pick<Cluster, 'get' | 'notices' | 'namespace'>,
  options: { readonly selector?: string | undefined; readonly images: AgentImages | undefined },
): Promise<readonly AgentPod[]> {
  const { selector, images } = options
  const found: AgentPod[] = []
  await listAll(cluster, pods, {
    namespace: cluster.namespace,
    selector,
    onObject: (object) => {
      const pod = readAgentPod(object, { images })
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

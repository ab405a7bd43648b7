import { isUnread } from '../../../kubernetes/large-objects.ts'
import { isObject, objectAt, objectsAt, valueAt } from '../../../lib/shape.ts'
import { agentLabel } from '../../../webhook/core/injection/agent-label.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import type { AgentImages } from './agent-images.ts'
import { type ContainerState, readContainerState } from './container-state.ts'
import { type InjectedAgent, injectedAgent } from './injected-agent.ts'
import { workloadOf } from './workload-of.ts'

/** What the commands need to know of a pod with an agent. */
export interface AgentPod {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** Such as `Deployment/web`. */
  readonly workload: string
  readonly serviceAccount: string
  readonly createdAtMs: number
  /** All of its containers have ended, and none will start again. */
  readonly hasEnded: boolean
  readonly isBeingDeleted: boolean
  readonly agent: InjectedAgent
  /** The version that the webhook wrote to the pod's label. Anybody may change it. */
  readonly agentVersion: string | undefined
  /** Of the agent's container; undefined before the kubelet has seen the pod. */
  readonly state: ContainerState | undefined
  /** The other containers, init containers too. */
  readonly others: readonly ContainerState[]
}

/** Reads a pod of the API server, unchecked. Returns undefined if it has no container of the agent's name. */
export function readAgentPod(
  pod: unknown,
  { images }: { readonly images?: AgentImages | undefined } = {},
): AgentPod | undefined {
  if (!isObject(pod)) return undefined
  const agent = isUnread(pod) ? tooLarge : injectedAgent(pod, { images })
  if (agent === undefined) return undefined
  const { namespace, name, uid, labels, creationTimestamp, deletionTimestamp } = objectAt(
    pod,
    'metadata',
  )
  const { phase } = objectAt(pod, 'status')
  const containers = ['initContainerStatuses', 'containerStatuses']
    .flatMap((list) => objectsAt(pod, 'status', list))
    .map(readContainerState)
  const version = valueAt(labels, agentLabel)
  return {
    namespace: String(namespace),
    name: String(name),
    uid: String(uid),
    workload: workloadOf(pod),
    serviceAccount: String(valueAt(pod, 'spec', 'serviceAccountName') ?? 'default'),
    createdAtMs: Date.parse(String(creationTimestamp)),
    hasEnded: phase === 'Succeeded' || phase === 'Failed',
    isBeingDeleted: typeof deletionTimestamp === 'string',
    agent,
    agentVersion: typeof version === 'string' ? version : undefined,
    state: containers.find(({ name }) => name === agentName),
    others: containers.filter(({ name }) => name !== agentName),
  }
}

/** Whether the pod only has a container of the agent's name, which has nothing to do with akv-injector. */
export const isUnrelated = ({ agent }: Pick<AgentPod, 'agent'>): boolean =>
  agent.kind === 'unrelated'

/** Whether the agent refreshes what it has fetched. */
export const isRefreshing = ({ agent }: Pick<AgentPod, 'agent'>): boolean =>
  (agent.config?.refreshSeconds ?? 0) > 0

const tooLarge: InjectedAgent = {
  kind: 'not-ours',
  why: 'the pod is larger than is read of one object',
}

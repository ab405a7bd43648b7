import type { ObjectReference } from '../../../keyvault/reference.ts'
import { isUnread } from '../../../kubernetes/large-objects.ts'
import { isObject, objectAt, objectsAt, valueAt } from '../../../lib/shape.ts'
import { agentLabel } from '../../../webhook/core/injection/agent-label.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import { type RefreshNow, refreshNowOf } from '../refresh-now.ts'
import type { AgentImages } from './agent-images.ts'
import { type AgentRequests, agentRequests } from './agent-requests.ts'
import { type ContainerState, hasRun, isLost, readContainerState } from './container-state.ts'
import { type InjectedAgent, injectedAgent } from './injected-agent.ts'
import { workloadOf } from './workload-of.ts'

export interface ReadOptions {
  readonly images?: AgentImages | undefined
  readonly isWanted?: ((object: ObjectReference) => boolean) | undefined
}

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
  /** The kubelet ended the pod as a whole, such as to evict it. Its containers didn't fail by themselves. */
  readonly wasEvicted: boolean
  readonly isBeingDeleted: boolean
  /** A main container runs, has ended, or is in a crash loop, so the agent had written everything. */
  readonly hasAppRun: boolean
  readonly agent: KnownAgent
  /** What its configuration asks for. Undefined if that can't be read. */
  readonly requests: AgentRequests | undefined
  /** The agent's version by the label that the webhook set. Anybody who may write the pod can change it. */
  readonly agentVersion: string | undefined
  /** What its annotation `akv-injector.io/refresh-now` asks for. Absent: it has none. */
  readonly refreshNow?: RefreshNow
  /** The state of the agent's container. Undefined before the kubelet has seen the pod. */
  readonly state: ContainerState | undefined
  /** The other containers, init containers too. */
  readonly others: readonly ContainerState[]
}

/** The agent without its configuration, which may be large. */
type KnownAgent =
  | { readonly kind: 'ours' }
  | { readonly kind: Exclude<InjectedAgent['kind'], 'ours'>; readonly why: string }

/**
 * Reads a pod of the API server, unchecked.
 *
 * @param options - `images`: the images that run the agent, if they are known; `isWanted`: which of the requested
 * objects to keep
 * @returns undefined if the pod has no container of the agent's name
 */
export function readAgentPod(
  pod: unknown,
  { images, isWanted }: ReadOptions = {},
): AgentPod | undefined {
  if (!isObject(pod)) return undefined
  const injected = isUnread(pod) ? tooLarge : injectedAgent(pod, { images })
  if (injected === undefined) return undefined
  const { config, ...agent } = injected
  const { namespace, name, uid, labels, creationTimestamp, deletionTimestamp } = objectAt(
    pod,
    'metadata',
  )
  const { phase, reason } = objectAt(pod, 'status')
  const [init = [], main = []] = ['initContainerStatuses', 'containerStatuses'].map((list) =>
    objectsAt(pod, 'status', list).map(readContainerState),
  )
  const containers = [...init, ...main]
  const version = valueAt(labels, agentLabel)
  return {
    namespace: String(namespace),
    name: String(name),
    uid: String(uid),
    workload: workloadOf(pod),
    serviceAccount: String(valueAt(pod, 'spec', 'serviceAccountName') ?? 'default'),
    createdAtMs: Date.parse(String(creationTimestamp)),
    hasEnded: phase === 'Succeeded' || phase === 'Failed',
    wasEvicted: phase === 'Failed' && reason != null && reason !== 'DeadlineExceeded',
    isBeingDeleted: typeof deletionTimestamp === 'string',
    hasAppRun: main.some(hasSurelyRun),
    agent,
    requests: config && agentRequests(config, isWanted),
    agentVersion: typeof version === 'string' ? version : undefined,
    ...refreshNowOf(pod, config),
    state: containers.find(({ name }) => name === agentName),
    others: containers.filter(({ name }) => name !== agentName),
  }
}

/** Whether the container only has the agent's name, and nothing to do with akv-injector. */
export const isUnrelated = ({ agent }: Pick<AgentPod, 'agent'>): boolean =>
  agent.kind === 'unrelated'

/** Whether the agent refreshes what it has fetched. */
export const isRefreshing = ({ requests }: Pick<AgentPod, 'requests'>): boolean =>
  (requests?.refreshSeconds ?? 0) > 0

/** Nobody knows whether a lost container has run since the agent's last start: the node may have rebooted between. */
const hasSurelyRun = (state: ContainerState): boolean =>
  hasRun(state) && (state.kind === 'running' || !(state.ended && isLost(state.ended)))

const tooLarge: InjectedAgent = {
  kind: 'not-ours',
  why: 'the pod is larger than is read of one object',
}

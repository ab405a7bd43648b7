import type { AgentState } from '../../../../../delivery/agent-state.ts'
import type { JsonObject } from '../../../../../lib/shape.ts'
import type { LogReader } from '../../../../../operate/cluster/pods/agent-log.ts'
import { readAgentPod } from '../../../../../operate/cluster/pods/agent-pod.ts'
import { askAgent } from '../../../../../operate/cluster/pods/ask-agent.ts'
import { injectedAgent } from '../../../../../operate/cluster/pods/injected-agent.ts'
import type { WorkloadFacts } from '../../../../../operate/doctor/model/workload-facts.ts'
import { judge } from '../../../../../operate/doctor/verdict/judge.ts'
import { sayVerdict } from '../../../../../operate/doctor/verdict/say-verdict.ts'
import { logOf, stateOf } from '../../../../support/injected-pods/agent-log.ts'
import { injectedPod } from '../../../../support/injected-pods/injected-pod.ts'

const now = '2026-11-29T10:30:00Z'
export const nowMs = Date.parse(now)
/** So many seconds ago. */
export const ago = (seconds: number): string =>
  new Date(nowMs - seconds * 1000).toISOString().replace('.000Z', 'Z')

const uid = 'uid-of-pod'

/** What is known about a pod. The agent's log holds this state, or these lines, or may not be read. */
export interface Known {
  readonly pod: JsonObject
  readonly log?: string | 'refused'
  readonly state?: AgentState
  readonly facts?: Partial<WorkloadFacts>
}

/** The facts about a pod whose author asked for it as it is. */
export async function factsOf({ pod, log, state, facts }: Known): Promise<WorkloadFacts> {
  const agent = readAgentPod(pod)
  const text = log ?? logOf(state ?? stateOf())
  const readLog: LogReader = async (_pod, start) => {
    if (text === 'refused')
      return { kind: 'unread', why: 'its log may not be read', right: 'get pods/log' }
    const reader = start()
    for (const line of text.split('\n')) reader.read(Buffer.from(line))
    return { kind: 'read', value: reader.end() }
  }
  return {
    target: { kind: 'Pod', api: 'api/v1', resource: 'pods', name: 'web' },
    namespace: 'team-a',
    nowMs,
    object: pod,
    children: [],
    pods: [pod],
    pod,
    agent,
    config: injectedAgent(pod)?.config,
    logs: [],
    asked: agent && (await askAgent(agent, { readLog, wallMs: nowMs })),
    events: [],
    account: undefined,
    issuer: undefined,
    settings: undefined,
    teamDefaults: undefined,
    isExcluded: undefined,
    configuredAtMs: undefined,
    namespaceObject: undefined,
    volumesServed: undefined,
    node: undefined,
    secretMakers: undefined,
    ...facts,
  }
}

/** The first line of the report. */
export const verdictOf = async (known: Known): Promise<string> =>
  sayVerdict(judge(await factsOf(known)).verdict)

/** An event of the kubelet about the pod, or about a container of it. */
export const event = (
  reason: string,
  message: string,
  { container, seconds = 20 }: { readonly container?: string; readonly seconds?: number } = {},
): JsonObject => ({
  kind: 'Event',
  type: 'Warning',
  reason,
  message,
  count: 3,
  lastTimestamp: ago(seconds),
  source: { component: 'kubelet', host: 'node-1' },
  involvedObject: {
    kind: 'Pod',
    name: 'web',
    uid,
    ...(container !== undefined && { fieldPath: `spec.containers{${container}}` }),
  },
})

/** The conditions of a pod, as the kubelet writes them. */
export const conditions = (
  truths: Readonly<Record<string, boolean>>,
  more: readonly object[] = [],
): readonly object[] => [
  ...Object.entries({ PodScheduled: true, ...truths }).map(([type, isTrue]) => ({
    type,
    status: isTrue ? 'True' : 'False',
    ...(!isTrue && {
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [app]',
    }),
    lastTransitionTime: ago(60),
  })),
  ...more,
]

type State = Readonly<Record<string, unknown>>

/** An entry of `containerStatuses`. */
export const container = (name: string, state: State, more: State = {}): State => ({
  name,
  image: 'registry.example/app:1',
  imageID: '',
  ready: 'running' in state,
  started: 'running' in state,
  restartCount: 0,
  lastState: {},
  state,
  ...more,
})

export const running = (seconds = 3000): State => ({ running: { startedAt: ago(seconds) } })
export const waiting = (reason: string, message?: string): State => ({
  waiting: { reason, ...(message !== undefined && { message }) },
})
export const terminated = (exitCode: number, more: State = {}): State => ({
  terminated: {
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt: ago(40),
    finishedAt: ago(30),
    containerID: 'containerd://0123',
    ...more,
  },
})

export const agentRuns = container('akv-injector', running())
export const agentDone = container('akv-injector', terminated(0, { finishedAt: ago(3000) }), {
  ready: true,
  started: false,
})
/** An agent whose process ended with this code, with its pod or before. */
export const agentEnded = (exitCode: number): State =>
  container('akv-injector', terminated(exitCode), { ready: false, started: false })
export const creating = (name: string): State => container(name, waiting('PodInitializing'))

interface PodParts {
  readonly phase?: string
  readonly init?: readonly State[]
  readonly main?: readonly State[]
  readonly status?: State
  readonly spec?: State
  readonly metadata?: State
  /** Whether the agent fetches only once. */
  readonly once?: boolean
}

/** A pod with a refreshing agent, in this state. */
export function podOf(parts: PodParts = {}): JsonObject {
  const { phase = 'Running', init = [agentRuns], main = [container('app', running())] } = parts
  const pod = injectedPod({
    annotations: {
      ...{ vault: 'team-a', secrets: 'db-password' },
      ...(!parts.once && { refresh: '5m' }),
    },
    metadata: { uid, creationTimestamp: ago(5400), ...parts.metadata },
    status: {
      phase,
      conditions: conditions({ PodReadyToStartContainers: true }),
      initContainerStatuses: init,
      containerStatuses: main,
      ...parts.status,
    },
  }) as unknown as JsonObject & { readonly spec: State }
  return { ...pod, spec: { nodeName: 'node-1', ...pod.spec, ...parts.spec } }
}

/** A pod that asks for nothing. */
export function plainPodOf(parts: PodParts = {}): JsonObject {
  const { spec, status, metadata } = parts
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...{ namespace: 'team-a', name: 'web', uid, creationTimestamp: ago(5400) },
      ...metadata,
    },
    spec: { nodeName: 'node-1', containers: [{ name: 'app', image: 'app' }], ...spec },
    status: {
      phase: parts.phase ?? 'Running',
      conditions: conditions({ PodReadyToStartContainers: true }),
      containerStatuses: parts.main ?? [container('app', running())],
      ...status,
    },
  }
}

/** The init containers of an injected pod, with others before and after the agent. */
export function initContainers(
  pod: JsonObject,
  {
    before = [],
    after = [],
  }: { readonly before?: readonly State[]; readonly after?: readonly State[] },
): readonly unknown[] {
  const { initContainers: ours } = pod['spec'] as { initContainers: readonly unknown[] }
  return [...before, ...ours, ...after]
}

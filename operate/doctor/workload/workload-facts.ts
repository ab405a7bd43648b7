import type { Confirmed } from '../../../command/said.ts'
import type { AgentConfig } from '../../../delivery/contract.ts'
import type { JsonObject } from '../../../lib/shape.ts'
import type { AgentLog } from '../../cluster/pods/agent-log.ts'
import type { AgentPod } from '../../cluster/pods/agent-pod.ts'
import type { AskedAgent } from '../../cluster/pods/ask-agent.ts'
import type { DoctorTarget } from './target.ts'

/** A workload, and what the cluster and its agent say about it. */
export interface WorkloadFacts {
  readonly target: DoctorTarget
  readonly namespace: string
  /** By the API server's clock. */
  readonly nowMs: number
  /** What was asked about, as the API server gives it. */
  readonly object: JsonObject
  /** What it made, down to the pods: ReplicaSets and Jobs. The newest first. */
  readonly children: readonly JsonObject[]
  /** Its pods, the newest first. For a pod, it alone. */
  readonly pods: readonly JsonObject[]
  /** The pod that the story is about. Undefined if there is none. */
  readonly pod: JsonObject | undefined
  /** Undefined if it has no agent. */
  readonly agent: AgentPod | undefined
  /** Undefined if it can't be read. */
  readonly config: AgentConfig | undefined
  /** The log of the agent, and of its run before. */
  readonly logs: readonly AgentLog<readonly string[]>[]
  /** The agent's answer. Undefined if the pod has no agent. */
  readonly asked: AskedAgent | undefined
  /** About all of these objects. Undefined if they may not be read. */
  readonly events: readonly JsonObject[] | undefined
  /** The ServiceAccount of the pods. Undefined if there is none, or if it may not be read. */
  readonly account: JsonObject | undefined
  /** The issuer of the cluster's tokens. Undefined if it may not be read, and the caller names none. */
  readonly issuer: Confirmed | undefined
  /** The settings of the webhook that the API server calls. Undefined if its Deployment may not be read. */
  readonly settings: Readonly<Record<string, string>> | undefined
  /** Whether the webhook leaves the namespace alone. Undefined if that can't be read. */
  readonly isExcluded: boolean | undefined
  /** The creation of the webhook configuration. Undefined if that can't be read; null if there is none. */
  readonly configuredAtMs: number | null | undefined
}

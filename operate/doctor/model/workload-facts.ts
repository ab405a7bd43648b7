import type { Confirmed } from '../../../command/said.ts'
import type { AgentConfig } from '../../../delivery/contract.ts'
import type { JsonObject } from '../../../lib/shape.ts'
import type { TeamDefaults } from '../../../requests/administrator/policy.ts'
import type { AgentLog } from '../../cluster/pods/agent-log.ts'
import type { AgentPod } from '../../cluster/pods/agent-pod.ts'
import type { AskedAgent } from '../../cluster/pods/ask-agent.ts'
import type { DoctorTarget } from './target.ts'

/** A workload, and everything that was read about it. */
export interface WorkloadFacts {
  readonly target: DoctorTarget
  readonly namespace: string
  /** The time by the API server's clock. */
  readonly nowMs: number
  /** The object that `doctor` is to look at, as the API server returned it. */
  readonly object: JsonObject
  /** The ReplicaSets and Jobs between the workload and its pods, newest first. */
  readonly children: readonly JsonObject[]
  /** Its pods, newest first. For a pod, only the pod itself. */
  readonly pods: readonly JsonObject[]
  /** The pod that the report is about. Undefined if there is none. */
  readonly pod: JsonObject | undefined
  /** The pod's agent. Undefined if the pod has none. */
  readonly agent: AgentPod | undefined
  /** The agent's configuration. Undefined if it can't be read. */
  readonly config: AgentConfig | undefined
  /** The logs of the agent's container, of this run and the previous one. */
  readonly logs: readonly AgentLog<readonly string[]>[]
  /** The agent's answer. Undefined if the pod has no agent. */
  readonly asked: AskedAgent | undefined
  /** The events of all these objects. Undefined if the caller may not read them. */
  readonly events: readonly JsonObject[] | undefined
  /** The ServiceAccount of the pods. Undefined if there is none, or if the caller may not read it. */
  readonly account: JsonObject | undefined
  /** The issuer of the cluster's tokens. Undefined if the caller may neither read it nor names it. */
  readonly issuer: Confirmed | undefined
  /** The settings of the webhook that the API server calls. Undefined if the caller may not read its Deployment. */
  readonly settings: Readonly<Record<string, string>> | undefined
  /** The defaults of namespaces. Undefined if there are none, or if the caller may not read them. */
  readonly teamDefaults: TeamDefaults | undefined
  /** Whether the webhook's configuration excludes the namespace. Undefined if that can't be read. */
  readonly isExcluded: boolean | undefined
  /** When the webhook configuration was created. Undefined if that can't be read; null if there is none. */
  readonly configuredAtMs: number | null | undefined
  /** The namespace. Undefined if it may not be read. */
  readonly namespaceObject: JsonObject | undefined
  /** Where the webhook serves volumes of the CSI driver. Undefined if that can't be read. */
  readonly volumesServed: 'here' | 'elsewhere' | 'nowhere' | undefined
  /** The pod's node. Undefined if there is none yet, or it may not be read; null if it is gone. */
  readonly node: JsonObject | null | undefined
  /** Who should make Secrets of the namespace. Undefined if the pod lacks none. */
  readonly secretMakers: SecretMakers | undefined
}

/** Who makes Secrets. */
export interface SecretMakers {
  readonly found: readonly SecretMaker[]
  /** The resources that may not be read, and may ask for Secrets, too. */
  readonly unread: readonly string[]
}

interface SecretMaker {
  /** Of the Secret. */
  readonly name: string
  /** Such as `ServiceAccount web`. */
  readonly by: string
  /** Why it isn't made, if its maker says so. */
  readonly code?: string
}

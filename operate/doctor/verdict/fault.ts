import type { AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import type { MissingReference } from './facts/others-sentences.ts'

/**
 * Where a fault is:
 * - `us`: akv-injector, or what it needs to be configured, such as a role or an annotation
 * - `azure`: Azure, or the way to it
 * - `app`: a container of the pod that isn't ours, or something else that the pod's author writes
 * - `kubelet`: the kubelet, the node or a registry
 * - `cluster`: the scheduler, the API server, another webhook, a quota
 * - `unknown`: it can't be told
 * - `starting`: nothing has failed yet
 */
export type FaultKind = 'us' | 'azure' | 'app' | 'kubelet' | 'cluster' | 'unknown' | 'starting'

/** What the faults are called that have no code of an AkvError. */
export type FaultCode =
  | 'AgentEnds'
  | 'AgentImage'
  | 'AgentOutOfMemory'
  | 'AgentRefused'
  | 'AgentSilent'
  | 'BeingDeleted'
  | 'ContainerEnds'
  | 'ContainerOutOfMemory'
  | 'ContainerRefused'
  | 'ContainerUnready'
  | 'CreationRefused'
  | 'DeadlineExceeded'
  | 'DriverAbsent'
  | 'Evicted'
  | 'ImagePull'
  | 'MissingReference'
  | 'NoPods'
  | 'NodeNotReady'
  | 'NotInjected'
  | 'NotScheduled'
  | 'PodRefused'
  | 'ProbeFails'
  | 'QuotaExceeded'
  | 'ReadinessGate'
  | 'SandboxFailed'
  | 'SecretNotSynced'
  | 'Starting'
  | 'VolumeNotMounted'
  | 'WebhookDenied'
  | 'WebhookUnreachable'

/** Something that is wrong with a pod, or isn't done yet. `say-verdict.ts` makes sentences of it. */
export interface PodFault {
  readonly kind: FaultKind
  readonly code: FaultCode | AkvErrorCode
  /** Whether something fails now. Otherwise it may pass, or it has passed. */
  readonly isFailing: boolean
  readonly container?: string
  readonly isInit?: boolean
  readonly exitCode?: number
  readonly restarts?: number
  /** The container runs again. */
  readonly isRunning?: boolean
  /** The kubelet's word, such as `CreateContainerError`. */
  readonly reason?: string
  /** What the agent, the kubelet, the scheduler or the API server says. */
  readonly message?: string
  readonly image?: string
  readonly limit?: string
  readonly volume?: string
  readonly probe?: 'liveness' | 'readiness' | 'startup'
  readonly missing?: MissingReference
  readonly node?: string
  readonly seconds?: number
  /** What else is known, as clauses. */
  readonly notes?: readonly string[]
  /** Why it can't be told. */
  readonly because?: string
  /** The right with which it could be told: `get nodes`. */
  readonly right?: string
  /** The namespace of that right. Absent: the cluster. */
  readonly rightIn?: string
}

/** How far akv-injector got with a pod. `none`: nothing is asked of it; `unknown`: it can't be told. */
export type OurPart = 'done' | 'waiting' | 'failed' | 'none' | 'unknown'

/** The answer to the first question on call: is it akv-injector? */
export type PodVerdict = { readonly part: OurPart; readonly notes?: readonly string[] } & (
  | { readonly kind: 'well'; readonly code: 'Well' | 'Done' | 'NothingToRun' }
  | PodFault
)

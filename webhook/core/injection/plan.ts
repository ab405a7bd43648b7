import type { AgentConfig } from '../../../delivery/contract.ts'
import type { Container, Volume, VolumeMount } from '../model/pod.ts'
import type { Consumer, Placement } from './placement.ts'

/** The desired state of the pod, whether or not parts of it exist already. */
export interface Plan {
  /** The value of the pod's label. */
  readonly versionLabel: string
  readonly config: AgentConfig
  readonly agent: Container
  /** The user that the agent runs as. */
  readonly agentUid: number
  /** The containers that could become the agent, and whether the administrator allows that. */
  readonly exposure: { readonly containers: readonly Exposure[]; readonly isAllowed: boolean }
  readonly placement: Placement
  readonly consumers: readonly Consumer[]
  /** The containers that wait for the start gate. Empty if the agent has a startup probe instead. */
  readonly gated: readonly Consumer[]
  readonly mountPath: string
  readonly volumes: readonly Volume[]
  /** The mounts of the volumes that are served for the CSI driver. */
  readonly servedMounts: readonly ServedMount[]
  /** Of each volume in memory. */
  readonly sizeLimit: string
}

/** A container that sees the agent's process and could become its user, or trace it. */
export interface Exposure {
  readonly container: Container
  /** What makes that possible, such as `runAsUser is 0`. */
  readonly reason: string
}

/** A user's mount of a served volume. */
export interface ServedMount {
  /** The container that has it. */
  readonly consumer: Consumer
  readonly mount: VolumeMount
  /** Its place in the container's mounts. */
  readonly index: number
}

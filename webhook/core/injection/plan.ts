import type { AgentConfig } from '../../../delivery/contract.ts'
import type { Container, Volume, VolumeMount } from '../model/pod.ts'
import type { Consumer, Placement } from './placement.ts'

/** The desired state of the pod, whether or not parts of it exist already. */
export interface Plan {
  /** The value of the pod's label. */
  readonly versionLabel: string
  readonly config: AgentConfig
  readonly agent: Container
  readonly placement: Placement
  readonly consumers: readonly Consumer[]
  /** The containers that wait for the gate. Empty if the agent has a startup probe instead. */
  readonly gated: readonly Consumer[]
  readonly mountPath: string
  readonly volumes: readonly Volume[]
  /** The mounts of the volumes that are served for the CSI driver. */
  readonly servedMounts: readonly ServedMount[]
  /** Of each volume in memory. */
  readonly sizeLimit: string
}

/** A user's mount of a served volume. */
export interface ServedMount {
  /** The container that has it. */
  readonly consumer: Consumer
  readonly mount: VolumeMount
  /** Its place in the container's mounts. */
  readonly index: number
}

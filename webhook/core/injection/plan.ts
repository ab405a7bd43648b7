import type { AgentConfig } from '../../../delivery/contract.ts'
import type { Container, Volume } from '../model/pod.ts'
import type { Consumer, Placement } from './placement.ts'
import type { ServedMount } from './served-mounts.ts'

/** The desired state of the pod, whether or not parts of it exist already. */
export interface Plan {
  /** The value of the pod's label. */
  readonly versionLabel: string
  readonly config: AgentConfig
  readonly agent: Container
  readonly placement: Placement
  readonly consumers: readonly Consumer[]
  readonly mountPath: string
  readonly volumes: readonly Volume[]
  /** The mounts of the volumes that are served for the CSI driver. */
  readonly servedMounts: readonly ServedMount[]
  /** Of each volume in memory. */
  readonly sizeLimit: string
}

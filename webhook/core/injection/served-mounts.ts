import type { PodSpec, VolumeMount } from '../model/pod.ts'
import { type Consumer, type Placement, placedContainers } from './placement.ts'

/** A user's mount of a served volume. */
export interface ServedMount {
  /** The container that has it. */
  readonly consumer: Consumer
  readonly mount: VolumeMount
  /** Its place in the container's mounts. */
  readonly index: number
}

/** The mounts of served volumes in all containers but the agent, in the pod's order. */
export function findServedMounts(
  spec: PodSpec,
  placement: Placement,
  volumes: ReadonlySet<string>,
): readonly ServedMount[] {
  if (volumes.size === 0) return []
  return placedContainers(spec, placement).flatMap((consumer) =>
    (consumer.container.volumeMounts ?? []).flatMap((mount, index) =>
      volumes.has(mount.name) ? [{ consumer, mount, index }] : [],
    ),
  )
}

/** Whether a mount shows one file or folder of its volume only. */
export const isSubPathMount = ({ subPath, subPathExpr }: VolumeMount): boolean =>
  Boolean(subPath) || Boolean(subPathExpr)

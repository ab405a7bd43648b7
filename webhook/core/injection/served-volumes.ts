import { findClassVolumes } from '../model/find-class-volumes.ts'
import type { PatchOperation } from '../model/outcome.ts'
import type { Pod, PodSpec, VolumeMount } from '../model/pod.ts'
import { type Placement, placedContainers } from './placement.ts'
import type { Plan, ServedMount } from './plan.ts'

/** The operations that make each served volume of the CSI driver an `emptyDir` in memory, in its place. */
export function replaceVolumes(pod: Pod, { config, sizeLimit }: Plan): readonly PatchOperation[] {
  const { volumes: served = [] } = config
  if (served.length === 0) return []
  const names = new Set(served.map(({ name }) => name))
  return findClassVolumes(pod)
    .filter(({ name, state }) => names.has(name) && state === 'declared')
    .flatMap(({ index }): PatchOperation[] => [
      { op: 'remove', path: `/spec/volumes/${index}/csi` },
      {
        op: 'add',
        path: `/spec/volumes/${index}/emptyDir`,
        value: { medium: 'Memory', sizeLimit },
      },
    ])
}

/** The operations that make the user's mounts of served volumes read-only, as the driver's volumes always are. */
export function sealMounts({ servedMounts }: Plan): readonly PatchOperation[] {
  return servedMounts.filter(({ mount }) => mount.readOnly !== true).map(sealOperation)
}

const sealOperation = ({ consumer, index }: ServedMount): PatchOperation => ({
  op: 'add',
  path: `${consumer.pointer}/volumeMounts/${index}/readOnly`,
  value: true,
})

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

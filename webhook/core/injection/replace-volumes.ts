import { findClassVolumes } from '../model/find-class-volumes.ts'
import type { PatchOperation } from '../model/outcome.ts'
import type { Pod } from '../model/pod.ts'
import type { Plan } from './plan.ts'
import type { ServedMount } from './served-mounts.ts'

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

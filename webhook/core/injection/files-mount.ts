import { filesVolume } from '../model/our-names.ts'
import type { VolumeMount } from '../model/pod.ts'

/** The mount through which a container sees the files. */
export const filesMount = (mountPath: string): VolumeMount => ({
  name: filesVolume,
  mountPath,
  readOnly: true,
})

/** Whether a mount is as the webhook makes it. With a `subPath`, a container would see the first set of files forever. */
export function isOurMount(mount: VolumeMount, mountPath: string): boolean {
  return (
    mount.name === filesVolume &&
    mount.mountPath === mountPath &&
    mount.readOnly === true &&
    !mount.subPath &&
    !mount.subPathExpr
  )
}

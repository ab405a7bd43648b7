import { printable } from '../../../lib/printable.ts'
import type { Problem } from '../../../lib/problems/problem.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import type { Plan } from '../injection/plan.ts'
import { isSubPathMount } from '../injection/served-mounts.ts'
import { containerPath, type Pod } from '../model/pod.ts'

/**
 * Mounts of a part of a served volume in containers that start before the agent. The kubelet would create the missing
 * part as a folder, where the agent has to create a link.
 */
export function* servedConflicts(pod: Pod, { servedMounts }: Plan): Generator<Problem> {
  for (const { consumer, mount } of servedMounts)
    if (consumer.isEarly && isSubPathMount(mount))
      yield {
        path: containerPath(pod, consumer.container),
        subject: `container ${printable(consumer.container.name)}, mount at ${printable(mount.mountPath)}`,
        sentence: `mounts a subPath of volume ${printable(mount.name)} before the agent has written it, and the kubelet would create a folder there; start the container after the agent (${annotationPrefix}position), or mount the volume without subPath`,
      }
}

/** Warnings about containers that start before the agent and mount a served volume. */
export function earlyServedWarnings({ servedMounts }: Plan): readonly string[] {
  return servedMounts
    .filter(({ consumer }) => consumer.isEarly)
    .map(
      ({ consumer, mount }) =>
        `container ${printable(consumer.container.name)} starts before the agent and finds volume ${printable(mount.name)} empty; see ${annotationPrefix}position`,
    )
}

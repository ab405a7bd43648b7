import { hasFiles } from '../../../delivery/contract.ts'
import { printable } from '../../../lib/printable.ts'
import type { Problem, ProblemField } from '../../../lib/problems/problem.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import { isDriverVolume } from '../../../requests/class/driver-volumes.ts'
import { isOurMount } from '../injection/files-mount.ts'
import type { Plan } from '../injection/plan.ts'
import { isSubPathMount } from '../injection/served-volumes.ts'
import { isReadOnlyVolume } from '../model/is-read-only-volume.ts'
import { ourVolumes } from '../model/our-names.ts'
import {
  allContainers,
  type Container,
  containerPath,
  type Pod,
  type Volume,
  type VolumeMount,
} from '../model/pod.ts'

/** Mounts of our volumes that the webhook didn't add, and other mounts that conflict with ours. */
export function* mountConflicts(pod: Pod, plan: Plan): Generator<Problem> {
  const consumers = new Set(plan.consumers.map(({ container }) => container))
  const volumes = new Map((pod.spec.volumes ?? []).map((volume) => [volume.name, volume]))
  for (const container of allContainers(pod)) {
    if (container === plan.placement.existing) continue
    const wantsMount = consumers.has(container) && hasFiles(plan.config)
    for (const mount of container.volumeMounts ?? []) {
      const sentence = ourVolumes.includes(mount.name)
        ? foreignMount(mount, wantsMount ? plan : undefined)
        : wantsMount && overlap(mount, { plan, volume: volumes.get(mount.name) })
      if (sentence) yield { ...fieldOf(pod, container, mount), sentence }
    }
  }
}

const fieldOf = (pod: Pod, container: Container, { mountPath }: VolumeMount): ProblemField => ({
  path: containerPath(pod, container),
  subject: `container ${printable(container.name)}, mount at ${printable(mountPath)}`,
})

/** @param plan - given if the container is to have our mount */
function foreignMount(mount: VolumeMount, plan?: Plan): string | undefined {
  return plan?.placement.existing !== undefined && isOurMount(mount, plan.mountPath)
    ? undefined
    : `volume ${mount.name} may only be mounted by the webhook; remove the mount`
}

/** The runtime creates the mount point in the volume that is mounted above it, so that volume must be writable. */
function overlap(
  mount: VolumeMount,
  { plan, volume }: { readonly plan: Plan; readonly volume: Volume | undefined },
): string | undefined {
  if (mount.mountPath.length > maxPathLength)
    return `a path on Linux can have at most ${maxPathLength} characters; shorten it`
  const path = normalize(mount.mountPath)
  const remedy = `choose another ${annotationPrefix}mount-path`
  const isOfDriver = isClassVolume(volume, plan)
  if (isAtOrBelow(path, plan.mountPath))
    return isOfDriver
      ? replacedByAnnotations(mount)
      : `the files will be mounted read-only at ${plan.mountPath}; ${remedy}`
  if (!isAtOrBelow(plan.mountPath, path)) return undefined
  if (isOfDriver) return replacedByAnnotations(mount)
  const isReadOnly = mount.readOnly === true || isReadOnlyVolume(volume)
  return isReadOnly
    ? `is read-only, so the mount point ${plan.mountPath} can't be created in it; ${remedy}`
    : undefined
}

/** Whether a volume is one of the CSI driver, or is served in its place. */
const isClassVolume = (volume: Volume | undefined, { config }: Plan): boolean =>
  isDriverVolume(volume) || Boolean(config.volumes?.some(({ name }) => name === volume?.name))

/** The pod's author has begun to migrate: the annotations write the files that the volume of the CSI driver had. */
const replacedByAnnotations = ({ name }: VolumeMount): string =>
  `volume ${printable(name)} is one of the Secrets Store CSI Driver, and the annotations write files at the same path; remove the volume and its mounts, or remove the annotations`

const maxPathLength = 4096

const isAtOrBelow = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)

/** Removes `.`, `..` and repeated slashes. */
function normalize(path: string): string {
  const components: string[] = []
  for (const component of path.split('/'))
    if (component === '..') components.pop()
    else if (component !== '' && component !== '.') components.push(component)
  return `/${components.join('/')}`
}

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

import { hasFiles } from '../../init-agent/contract.ts'
import { shorten } from '../../keyvault/reference.ts'
import { fileKeyRefState } from './env-entry.ts'
import { agentName, envVolume, filesVolume, identityVolume } from './names.ts'
import type { Problem } from './outcome.ts'
import type { Consumer } from './placement.ts'
import type { Plan } from './plan.ts'
import { allContainers, type Container, type Pod, type VolumeMount } from './pod.ts'
import { annotationPrefix } from './vocabulary.ts'
import { isOurVolume } from './volumes.ts'

/** What in the pod stands in the way of the plan, each with what to change. */
export function conflicts(pod: Pod, plan: Plan): readonly Problem[] {
  return [
    ...platformConflicts(pod, plan),
    ...nameConflicts(pod, plan),
    ...allContainers(pod).flatMap((container) => mountConflicts(container, plan)),
    ...plan.consumers.flatMap((consumer) => envConflicts(consumer, plan)),
  ]
}

function platformConflicts({ spec }: Pod, { config }: Plan): readonly Problem[] {
  const problems: Problem[] = []
  if (spec.os?.name === 'windows' || spec.nodeSelector?.['kubernetes.io/os'] === 'windows')
    problems.push({
      subject: 'the pod',
      sentence: 'runs on Windows, which has no tmpfs; only Linux pods can be injected',
    })
  if (spec.runtimeClassName?.startsWith('kata') && config.env.length > 0)
    problems.push({
      subject: 'spec.runtimeClassName',
      found: shorten(spec.runtimeClassName),
      sentence: `Kata keeps the pod's tmpfs inside its virtual machine, where the kubelet cannot read variables from; use ${annotationPrefix}secrets`,
    })
  return problems
}

const ourVolumes: readonly string[] = [filesVolume, envVolume, identityVolume]

function nameConflicts({ spec }: Pod, { place }: Plan): readonly Problem[] {
  const containers = spec.containers.filter(({ name }) => name === agentName)
  const volumes = (spec.volumes ?? []).filter(
    (volume) =>
      ourVolumes.includes(volume.name) && (place.existing === undefined || !isOurVolume(volume)),
  )
  return [
    ...containers.map(() => ({
      subject: `container ${agentName}`,
      sentence: 'this name is the agent’s; give the container another',
    })),
    ...volumes.map(({ name }) => ({
      subject: `volume ${name}`,
      sentence: 'this name is the webhook’s; give the volume another',
    })),
  ]
}

/** A mount of our volumes that we did not make, or a mount of others that would meet ours. */
function mountConflicts(container: Container, plan: Plan): readonly Problem[] {
  if (container === plan.place.existing) return []
  const isConsumer = plan.consumers.some((consumer) => consumer.container === container)
  const wantsMount = isConsumer && hasFiles(plan.config)
  return (container.volumeMounts ?? []).flatMap((mount) => {
    const subject = `container ${shorten(container.name)}, mount at ${shorten(mount.mountPath)}`
    if (ourVolumes.includes(mount.name))
      return wantsMount && plan.place.existing !== undefined && isOurMount(mount, plan.mountPath)
        ? []
        : [
            {
              subject,
              sentence: `volume ${mount.name} is mounted by the webhook only; remove the mount`,
            },
          ]
    return wantsMount && isAtOrBelow(mount.mountPath, plan.mountPath)
      ? [
          {
            subject,
            sentence: `the files are to be mounted read-only at ${plan.mountPath}; choose another ${annotationPrefix}mount-path`,
          },
        ]
      : []
  })
}

/** The mount as the webhook makes it. A `subPath` would pin the first set of files for ever. */
export function isOurMount(mount: VolumeMount, mountPath: string): boolean {
  return (
    mount.name === filesVolume &&
    mount.mountPath === mountPath &&
    mount.readOnly === true &&
    !mount.subPath &&
    !mount.subPathExpr
  )
}

function isAtOrBelow(path: string, folder: string): boolean {
  const plain = `/${path.split('/').filter(Boolean).join('/')}`
  return plain === folder || plain.startsWith(`${folder}/`)
}

function envConflicts(
  { container, isEarly }: Consumer,
  { config, place }: Plan,
): readonly Problem[] {
  if (config.env.length === 0) return []
  const name = shorten(container.name)
  if (isEarly)
    return [
      {
        subject: `${annotationPrefix}env`,
        found: `container ${name}`,
        sentence: `starts before the agent and would wait for its variables for ever; leave it out of ${annotationPrefix}containers, or move the agent with ${annotationPrefix}position`,
      },
    ]
  return config.env.flatMap((wanted) => {
    const entry = container.env?.find((one) => one.name === wanted.variable)
    if (entry === undefined) return []
    if (place.existing !== undefined && fileKeyRefState(entry, wanted) !== 'foreign') return []
    return [
      {
        subject: `container ${name}, env ${wanted.variable}`,
        sentence: `the container sets this variable itself; remove it there, or rename ours: NAME=${wanted.object.name}`,
      },
    ]
  })
}

import { type JsonObject, objectsAt, valueAt } from '../../../../lib/shape.ts'
import { agentName } from '../../../../webhook/core/model/our-names.ts'
import {
  type ContainerState,
  hasRun,
  readContainerState,
} from '../../../cluster/pods/container-state.ts'
import { textAt } from '../../model/objects.ts'

/** A container of a pod, and its state. */
export interface PodContainer {
  readonly name: string
  readonly image: string
  /** A sidecar is an init container that keeps running. */
  readonly role: 'init' | 'sidecar' | 'main'
  readonly isAgent: boolean
  /** As the pod declares it. */
  readonly spec: JsonObject
  /** Undefined before the kubelet has seen the pod. */
  readonly state: ContainerState | undefined
}

/** The containers of a pod, in the order in which the kubelet starts them. */
export function podContainers(pod: JsonObject): readonly PodContainer[] {
  const statuses = ['initContainerStatuses', 'containerStatuses'].flatMap((list) =>
    objectsAt(pod, 'status', list),
  )
  const read = (spec: JsonObject, role: PodContainer['role']): PodContainer => {
    const name = textAt(spec, 'name')
    const status = statuses.find((one) => one['name'] === name)
    return {
      name,
      image: textAt(spec, 'image'),
      role,
      isAgent: role !== 'main' && name === agentName,
      spec,
      state: status && readContainerState(status),
    }
  }
  return [
    ...objectsAt(pod, 'spec', 'initContainers').map((spec) =>
      read(spec, spec['restartPolicy'] === 'Always' ? 'sidecar' : 'init'),
    ),
    ...objectsAt(pod, 'spec', 'containers').map((spec) => read(spec, 'main')),
  ]
}

/** Whether an init container or a sidecar lets the next container start. */
export const hasStarted = ({ role, state }: PodContainer): boolean =>
  role === 'init'
    ? state?.kind === 'terminated' && state.ended?.exitCode === 0
    : state?.kind === 'running' && state.isStarted

/**
 * The first container that the others wait for. Undefined once a main container has run: a sidecar that ends later, or with the
 * pod, holds nobody back.
 */
export const firstBlocker = (
  containers: readonly PodContainer[],
  pod: JsonObject,
): PodContainer | undefined =>
  containers.some(({ role, state }) => role === 'main' && state !== undefined && hasRun(state))
    ? undefined
    : containers.find(
        (one) => one.role !== 'main' && !hasStarted(one) && !hasEndedWithPod(one, pod),
      )

/** A pod fails by another container: the kubelet starts its sidecars again until then, and then ends them. */
const hasEndedWithPod = ({ role, state }: PodContainer, pod: JsonObject): boolean =>
  role === 'sidecar' && state?.kind === 'terminated' && textAt(pod, 'status', 'phase') === 'Failed'

/** How long ago an end still says something about now. Events live as long. */
const recentMs = 3600_000

/**
 * How a container has ended lately and should not have. A crash loop shows as `running` or `terminated` between two
 * starts, so its state alone doesn't tell.
 */
export function recentEnd(
  container: PodContainer,
  { pod, nowMs }: { readonly pod: JsonObject; readonly nowMs: number },
): ContainerState['ended'] {
  const { role, state, spec } = container
  const ended = state?.ended
  if (state === undefined || ended === undefined || hasEndedWithPod(container, pod))
    return undefined
  // Since Kubernetes 1.34, a container may have its own.
  const restarts = textAt(spec, 'restartPolicy') || textAt(pod, 'spec', 'restartPolicy') || 'Always'
  const mayEnd = role === 'init' || (role === 'main' && restarts !== 'Always')
  if (ended.exitCode === 0 && mayEnd) return undefined
  // An init container that fails and then succeeds is done.
  if (state.kind === 'terminated') return ended
  if (state.kind === 'waiting') return ended
  return nowMs - ended.finishedAtMs <= recentMs ? ended : undefined
}

/** Whether a pod has all containers started, and none of them waits, isn't ready or has ended lately. */
export const isQuiet = (pod: JsonObject, nowMs: number): boolean =>
  podContainers(pod).every((one) => recentEnd(one, { pod, nowMs }) === undefined)

/** The memory limit of a container, as it is written. */
export const memoryLimitOf = ({ spec }: PodContainer): string | undefined => {
  const limit = valueAt(spec, 'resources', 'limits', 'memory')
  return typeof limit === 'string' ? limit : undefined
}

/** Whether a limit of the pod counts the memory of all its containers. */
export const hasMemoryLimit = (pod: JsonObject): boolean =>
  valueAt(pod, 'spec', 'resources', 'limits', 'memory') !== undefined

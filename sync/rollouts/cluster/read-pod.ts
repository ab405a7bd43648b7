import { isObject, type JsonObject, objectAt, objectsAt, valueAt } from '../../../lib/shape.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import { readOwnAnnotations } from '../../../requests/annotations/keys/own-annotations.ts'
import { usableClassesOf } from '../../../requests/class/driver-volumes.ts'

/** The controller among the owners of an object. */
export interface Owner {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
}

/** What roll-outs need to know of a pod. */
export interface SeenPod {
  readonly name: string
  readonly uid: string
  readonly createdMs: number
  readonly startedMs: number | undefined
  readonly isReady: boolean
  readonly owner: Owner | undefined
  readonly account: string
  /** Our annotations, without the prefix. */
  readonly own: Readonly<Record<string, string>>
  /** The SecretProviderClasses whose volumes the driver mounts. The webhook replaces volumes that it serves. */
  readonly driverClasses: readonly string[]
}

/** The container that the webhook adds. */
const agentName = 'akv-injector'

/** Reads a pod. Undefined if it isn't one, has ended, or is being deleted. */
export function readRolledPod(pod: JsonObject): SeenPod | undefined {
  const { name, uid, creationTimestamp, deletionTimestamp } = objectAt(pod, 'metadata')
  const phase = valueAt(pod, 'status', 'phase')
  const createdMs = timeOf(creationTimestamp)
  const hasEnded = phase === 'Succeeded' || phase === 'Failed'
  if (typeof name !== 'string' || typeof uid !== 'string' || createdMs === undefined)
    return undefined
  if (hasEnded || deletionTimestamp !== undefined) return undefined
  const account = valueAt(pod, 'spec', 'serviceAccountName')
  return {
    name,
    uid,
    createdMs,
    startedMs: startOf(pod),
    isReady: objectsAt(pod, 'status', 'conditions').some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    ),
    owner: controllerOf(pod),
    account: typeof account === 'string' ? account : 'default',
    own: readOwnAnnotations(annotationsOf(pod)).own,
    driverClasses: usableClassesOf(pod),
  }
}

/**
 * When that started which took the values. An agent that fetches once isn't a sidecar, so containers that restart get its files
 * again. With a sidecar, and without an agent, a container that restarts gets the new values.
 */
function startOf(pod: JsonObject): number | undefined {
  const agent = objectsAt(pod, 'spec', 'initContainers').find(({ name }) => name === agentName)
  const fetchesOnce = agent !== undefined && agent['restartPolicy'] !== 'Always'
  const statuses = fetchesOnce
    ? objectsAt(pod, 'status', 'initContainerStatuses').filter(({ name }) => name === agentName)
    : objectsAt(pod, 'status', 'containerStatuses')
  const starts = statuses
    .flatMap((status) => [
      valueAt(status, 'state', 'running', 'startedAt'),
      ...(fetchesOnce ? [valueAt(status, 'state', 'terminated', 'startedAt')] : []),
    ])
    .map(timeOf)
    .filter((ms) => ms !== undefined)
  return starts.length === 0 ? undefined : Math.min(...starts)
}

/** The owner that controls an object. */
export function controllerOf(object: unknown): Owner | undefined {
  const owner = objectsAt(object, 'metadata', 'ownerReferences').find(
    ({ controller }) => controller === true,
  )
  return isObject(owner) && isOwner(owner) ? owner : undefined
}

const isOwner = (owner: JsonObject): owner is JsonObject & Owner =>
  ['apiVersion', 'kind', 'name', 'uid'].every((member) => typeof owner[member] === 'string')

function timeOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

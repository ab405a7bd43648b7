import { isObject, type JsonObject, objectAt, scalarText } from '../../../lib/shape.ts'

/** Fields of a container that don't affect which files it gets. */
const containerFields = [
  ...['name', 'image', 'imagePullPolicy', 'command', 'args', 'env', 'envFrom', 'ports'],
  ...['resources', 'livenessProbe', 'readinessProbe', 'startupProbe'],
]
/** Fields of a pod that don't affect which files its containers get. */
const podFields = [
  ...['containers', 'initContainers', 'affinity', 'tolerations', 'topologySpreadConstraints'],
  ...['priorityClassName', 'terminationGracePeriodSeconds', 'imagePullSecrets'],
]
const workloads = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob']

interface Harmless {
  readonly harmlessFor?: readonly string[]
}

/**
 * Lists the containers that a patch changes, if nothing in the patch affects the files of the pod. Empty if that isn't
 * certain.
 *
 * @param patch - a strategic merge patch, or the operations of a JSON patch
 */
export function harmlessContainers(patch: unknown): Harmless {
  if (Array.isArray(patch)) return patch.every(isHarmlessOperation) ? { harmlessFor: [] } : {}
  if (!isObject(patch) || !workloads.includes(scalarText(patch['kind']))) return {}
  if (JSON.stringify(patch).includes('"$')) return {}
  const spec = objectAt(patch, ...(patch['kind'] === 'CronJob' ? cronJobSpec : ['spec']))
  const template = objectAt(spec, 'template')
  const pod = objectAt(template, 'spec')
  const containers = [pod['containers'], pod['initContainers']].flatMap((list) => list ?? [])
  const isHarmless =
    hasOnly(template, ['spec']) &&
    hasOnly(pod, podFields) &&
    containers.every((container) => isObject(container) && hasOnly(container, containerFields))
  return isHarmless
    ? { harmlessFor: containers.map((container) => scalarText(objectAt(container)['name'])) }
    : {}
}

const cronJobSpec = ['spec', 'jobTemplate', 'spec']

const hasOnly = (object: JsonObject, fields: readonly string[]): boolean =>
  Object.keys(object).every((field) => fields.includes(field))

const harmlessPath = new RegExp(
  `^/(?:metadata/|spec/(?:replicas|strategy|schedule|suspend|(?:jobTemplate/spec/)?template/spec/containers/[0-9]+/(?:${containerFields
    .filter((field) => field !== 'name')
    .join('|')})(?:/|$)))`,
)

const isHarmlessOperation = (operation: unknown): boolean =>
  isObject(operation) &&
  ['add', 'replace', 'remove'].includes(scalarText(operation['op'])) &&
  harmlessPath.test(scalarText(operation['path']))

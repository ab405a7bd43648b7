import { printable } from '../../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import type { FieldPath } from '../../../lib/problems/problem.ts'
import {
  type Accepted,
  anything,
  checkThat,
  isObject,
  listOf,
  mapOf,
  matches,
  nullable,
  number,
  object,
  string,
} from '../../../lib/shape.ts'
import { maxContainers } from '../../../requests/annotations/pod-settings.ts'

const anyString = string()
const boolean = checkThat((value) => typeof value === 'boolean')
const anyObject = checkThat(isObject)

const quantities = nullable(
  mapOf(checkThat((value) => typeof value === 'string' || typeof value === 'number')),
)
const resources = nullable(object({ requests: quantities, limits: quantities }))

const port = object({
  name: nullable(anyString),
  containerPort: nullable(number()),
  protocol: nullable(anyString),
})

const envVar = object({
  name: anyString,
  value: nullable(anyString),
  valueFrom: nullable(anyObject),
})

const volumeMount = object({
  name: anyString,
  mountPath: anyString,
  readOnly: nullable(boolean),
  subPath: nullable(anyString),
  subPathExpr: nullable(anyString),
})

const container = object({
  name: anyString,
  args: anything,
  lifecycle: anything,
  startupProbe: anything,
  livenessProbe: anything,
  readinessProbe: anything,
  ports: nullable(listOf(port)),
  env: nullable(listOf(envVar)),
  volumeMounts: nullable(listOf(volumeMount)),
  resources,
  restartPolicy: nullable(anyString),
  securityContext: nullable(
    object({
      runAsUser: nullable(number()),
      privileged: nullable(boolean),
      allowPrivilegeEscalation: nullable(boolean),
      capabilities: nullable(object({ add: nullable(listOf(anyString)) })),
    }),
  ),
})

/** It also has a member for its kind, such as `emptyDir`. */
const volume = object({ name: anyString })

const spec = object({
  containers: listOf(container),
  initContainers: nullable(listOf(container)),
  volumes: nullable(listOf(volume)),
  serviceAccountName: nullable(anyString),
  /** The deprecated name of the same. */
  serviceAccount: nullable(anyString),
  restartPolicy: nullable(anyString),
  activeDeadlineSeconds: nullable(number()),
  runtimeClassName: nullable(anyString),
  nodeName: nullable(anyString),
  affinity: anything,
  nodeSelector: nullable(mapOf(anyString)),
  os: nullable(object({ name: anyString })),
  hostNetwork: nullable(boolean),
  shareProcessNamespace: nullable(boolean),
  hostPID: nullable(boolean),
  resources,
  securityContext: nullable(object({ runAsUser: nullable(number()), fsGroup: nullable(number()) })),
})

const pod = object({ spec })

const metadata = object({
  metadata: object({
    name: nullable(anyString),
    generateName: nullable(anyString),
    /** Strings in a pod that the API server has checked; anything in a manifest. */
    annotations: nullable(anyObject),
    labels: nullable(anyObject),
  }),
})
type Metadata = Accepted<typeof metadata>['metadata']

/** The members of a pod that we read. Absent and `null` mean the same. We never look at the others. */
export interface Pod {
  /** {@link readMetadata} checks it. */
  readonly metadata?: Metadata
  readonly spec: PodSpec
}
export type PodSpec = Accepted<typeof spec>
export type Container = Accepted<typeof container>
export type ContainerPort = Accepted<typeof port>
export type EnvVar = Accepted<typeof envVar>
export type VolumeMount = Accepted<typeof volumeMount>
export type Volume = Accepted<typeof volume>

/** The object's metadata, or a sentence that names the first member of the wrong type. */
export function readMetadata(object: unknown): Parsed<Metadata> {
  return matches(metadata, object) ? valid(object.metadata) : malformed(metadata(object))
}

/** The object as a pod, or a sentence that names the first member of the wrong type. Ignores the metadata. */
export function readPod(object: unknown): Parsed<Pod> {
  const spec = isObject(object) && isObject(object['spec']) ? object['spec'] : {}
  const count = lengthOf(spec['containers']) + lengthOf(spec['initContainers'])
  if (count > maxContainers)
    return invalid(`has ${count} containers; at most ${maxContainers} can be injected`)
  return matches(pod, object) ? valid(object) : malformed(pod(object))
}

const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0)

const malformed = (wrong = '') =>
  invalid(`${printable(wrong.slice(1)) || 'the object'} is missing or has the wrong type`)

/** Kata keeps the pod's tmpfs inside its virtual machine, where the kubelet can't read variables. */
export const isKata = ({ spec }: Pod): boolean => spec.runtimeClassName?.startsWith('kata') === true

/** The place of one of the pod's own containers. */
export function containerPath({ spec }: Pod, container: Container): FieldPath {
  const index = spec.containers.indexOf(container)
  if (index >= 0) return ['spec', 'containers', index]
  return ['spec', 'initContainers', spec.initContainers?.indexOf(container) ?? 0]
}

/** Init containers first: the order they start in. */
export function allContainers({ spec }: Pod): readonly Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers]
}

import { printable } from '../../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import type { FieldPath } from '../../../lib/problems/problem.ts'
import {
  type Check,
  checkThat,
  isObject,
  listOf,
  mapOf,
  nullable,
  object,
  string,
} from '../../../lib/shape.ts'
import { maxContainers } from '../../../requests/annotations/pod-settings.ts'

/** The members of a pod that we read. Absent and `null` mean the same. We never look at the others. */
export interface Pod {
  /** {@link readMetadata} checks it. */
  readonly metadata?: Metadata
  readonly spec: PodSpec
}

interface Metadata {
  readonly name?: string | null
  readonly generateName?: string | null
  /** Strings in a pod that the API server has checked; anything in a manifest. */
  readonly annotations?: Readonly<Record<string, unknown>> | null
  readonly labels?: Readonly<Record<string, unknown>> | null
}

export interface PodSpec {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[] | null
  readonly volumes?: readonly Volume[] | null
  readonly serviceAccountName?: string | null
  /** The deprecated name of the same. */
  readonly serviceAccount?: string | null
  readonly restartPolicy?: string | null
  readonly activeDeadlineSeconds?: number | null
  readonly runtimeClassName?: string | null
  readonly nodeSelector?: Readonly<Record<string, string>> | null
  readonly os?: { readonly name: string } | null
  readonly hostNetwork?: boolean | null
  readonly shareProcessNamespace?: boolean | null
  readonly hostPID?: boolean | null
  readonly resources?: Resources | null
  readonly securityContext?: {
    readonly runAsUser?: number | null
    readonly fsGroup?: number | null
  } | null
}

export interface Container {
  readonly name: string
  readonly env?: readonly EnvVar[] | null
  readonly volumeMounts?: readonly VolumeMount[] | null
  readonly resources?: Resources | null
  readonly args?: unknown
  readonly restartPolicy?: string | null
  readonly startupProbe?: unknown
  readonly readinessProbe?: unknown
  readonly ports?: readonly ContainerPort[] | null
  readonly securityContext?: { readonly runAsUser?: number | null } | null
}

export interface ContainerPort {
  readonly name?: string | null
  readonly containerPort?: number | null
  readonly protocol?: string | null
}

export interface EnvVar {
  readonly name: string
  readonly value?: string | null
  readonly valueFrom?: Readonly<Record<string, unknown>> | null
}

export interface VolumeMount {
  readonly name: string
  readonly mountPath: string
  readonly readOnly?: boolean | null
  readonly subPath?: string | null
  readonly subPathExpr?: string | null
}

/** It also has a member for its kind, such as `emptyDir`. */
export interface Volume {
  readonly name: string
}

type Quantities = Readonly<Record<string, string | number>>
interface Resources {
  readonly requests?: Quantities | null
  readonly limits?: Quantities | null
}

const anyString = string()
const number = checkThat((value) => typeof value === 'number')
const boolean = checkThat((value) => typeof value === 'boolean')
const anyObject = object({})
const quantities = nullable(
  mapOf(checkThat((value) => typeof value === 'string' || typeof value === 'number')),
)
const resources = nullable(object({ requests: quantities, limits: quantities }))

const anything = checkThat(() => true)

const container = object({
  name: anyString,
  args: anything,
  startupProbe: anything,
  readinessProbe: anything,
  ports: nullable(
    listOf(
      object({
        name: nullable(anyString),
        containerPort: nullable(number),
        protocol: nullable(anyString),
      } satisfies Record<keyof ContainerPort, Check>),
    ),
  ),
  env: nullable(
    listOf(object({ name: anyString, value: nullable(anyString), valueFrom: nullable(anyObject) })),
  ),
  volumeMounts: nullable(
    listOf(
      object({
        name: anyString,
        mountPath: anyString,
        readOnly: nullable(boolean),
        subPath: nullable(anyString),
        subPathExpr: nullable(anyString),
      }),
    ),
  ),
  resources,
  restartPolicy: nullable(anyString),
  securityContext: nullable(object({ runAsUser: nullable(number) })),
} satisfies Record<keyof Container, Check>)

const pod = object({
  spec: object({
    containers: listOf(container),
    initContainers: nullable(listOf(container)),
    volumes: nullable(listOf(object({ name: anyString }))),
    serviceAccountName: nullable(anyString),
    serviceAccount: nullable(anyString),
    restartPolicy: nullable(anyString),
    activeDeadlineSeconds: nullable(number),
    runtimeClassName: nullable(anyString),
    nodeSelector: nullable(mapOf(anyString)),
    os: nullable(object({ name: anyString })),
    hostNetwork: nullable(boolean),
    shareProcessNamespace: nullable(boolean),
    hostPID: nullable(boolean),
    resources,
    securityContext: nullable(object({ runAsUser: nullable(number), fsGroup: nullable(number) })),
  } satisfies Record<keyof PodSpec, Check>),
})

const metadata = object({
  metadata: object({
    name: nullable(anyString),
    generateName: nullable(anyString),
    annotations: nullable(anyObject),
    labels: nullable(anyObject),
  } satisfies Record<keyof Metadata, Check>),
})

/** The object's metadata, or a sentence that names the first member of the wrong type. */
export function readMetadata(object: unknown): Parsed<Metadata> {
  const wrong = metadata(object)
  return wrong === undefined
    ? valid((object as { readonly metadata: Metadata }).metadata)
    : malformed(wrong)
}

/** The object as a pod, or a sentence that names the first member of the wrong type. Ignores the metadata. */
export function readPod(object: unknown): Parsed<Pod> {
  const spec = isObject(object) && isObject(object['spec']) ? object['spec'] : {}
  const count = lengthOf(spec['containers']) + lengthOf(spec['initContainers'])
  if (count > maxContainers)
    return invalid(`has ${count} containers; at most ${maxContainers} can be injected`)
  const wrong = pod(object)
  return wrong === undefined ? valid(object as Pod) : malformed(wrong)
}

const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0)

const malformed = (wrong: string) =>
  invalid(`${printable(wrong.slice(1)) || 'the object'} is missing or has the wrong type`)

/** Whether the pod asks for a Windows node. */
export const isWindows = ({ spec }: Pod): boolean =>
  spec.os?.name === 'windows' || spec.nodeSelector?.['kubernetes.io/os'] === 'windows'

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

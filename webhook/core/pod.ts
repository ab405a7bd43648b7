import type { Parsed } from '../../lib/parsed.ts'
import { printable } from '../../lib/printable.ts'
import {
  type Check,
  isObject,
  listOf,
  mapOf,
  optional,
  shape,
  text,
  that,
} from '../../lib/shape.ts'

/** What is read of a pod's spec. Absent and `null` mean the same; whatever else the pod holds is left alone, unseen. */
export interface Pod {
  readonly spec: PodSpec
}

export interface Metadata {
  readonly name?: string | null
  readonly generateName?: string | null
  /** Texts, unless nobody has checked the pod yet. */
  readonly annotations?: Readonly<Record<string, unknown>> | null
}

export interface PodSpec {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[] | null
  readonly volumes?: readonly Volume[] | null
  readonly restartPolicy?: string | null
  readonly activeDeadlineSeconds?: number | null
  readonly runtimeClassName?: string | null
  readonly nodeSelector?: Readonly<Record<string, string>> | null
  readonly os?: { readonly name: string } | null
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
  readonly securityContext?: { readonly runAsUser?: number | null } | null
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

/** With a member for its kind, such as `emptyDir`. */
export interface Volume {
  readonly name: string
}

type Quantities = Readonly<Record<string, string | number>>
export interface Resources {
  readonly requests?: Quantities | null
  readonly limits?: Quantities | null
}

const anyText = text()
const number = that((value) => typeof value === 'number')
const boolean = that((value) => typeof value === 'boolean')
const anyObject = shape({})
const quantities = optional(
  mapOf(that((value) => typeof value === 'string' || typeof value === 'number')),
)
const resources = optional(shape({ requests: quantities, limits: quantities }))

const anything = that(() => true)

const container = shape({
  name: anyText,
  args: anything,
  startupProbe: anything,
  env: optional(
    listOf(shape({ name: anyText, value: optional(anyText), valueFrom: optional(anyObject) })),
  ),
  volumeMounts: optional(
    listOf(
      shape({
        name: anyText,
        mountPath: anyText,
        readOnly: optional(boolean),
        subPath: optional(anyText),
        subPathExpr: optional(anyText),
      }),
    ),
  ),
  resources,
  restartPolicy: optional(anyText),
  securityContext: optional(shape({ runAsUser: optional(number) })),
} satisfies Record<keyof Container, Check>)

const pod = shape({
  spec: shape({
    containers: listOf(container),
    initContainers: optional(listOf(container)),
    volumes: optional(listOf(shape({ name: anyText }))),
    restartPolicy: optional(anyText),
    activeDeadlineSeconds: optional(number),
    runtimeClassName: optional(anyText),
    nodeSelector: optional(mapOf(anyText)),
    os: optional(shape({ name: anyText })),
    shareProcessNamespace: optional(boolean),
    hostPID: optional(boolean),
    resources,
    securityContext: optional(shape({ runAsUser: optional(number), fsGroup: optional(number) })),
  } satisfies Record<keyof PodSpec, Check>),
})

const metadata = shape({
  metadata: shape({
    name: optional(anyText),
    generateName: optional(anyText),
    annotations: optional(anyObject),
  } satisfies Record<keyof Metadata, Check>),
})

/** The object's metadata, or a sentence naming the member that is no pod's. */
export function readMetadata(object: unknown): Parsed<Metadata> {
  const wrong = metadata(object)
  return wrong === undefined
    ? { value: (object as { readonly metadata: Metadata }).metadata }
    : malformed(wrong)
}

/** Far above what a node runs, far below what anybody could make us busy with: everybody in the cluster can call. */
export const maxContainers = 1000

/** The object as a pod, or a sentence naming the member that is no pod's. Its metadata is not looked at. */
export function readPod(object: unknown): Parsed<Pod> {
  const spec = isObject(object) && isObject(object['spec']) ? object['spec'] : {}
  const count = lengthOf(spec['containers']) + lengthOf(spec['initContainers'])
  if (count > maxContainers)
    return { problem: `has ${count} containers; ${maxContainers} at most can be injected` }
  const wrong = pod(object)
  return wrong === undefined ? { value: object as Pod } : malformed(wrong)
}

const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0)

const malformed = (wrong: string) => ({
  problem: `${printable(wrong.slice(1)) || 'the object'} is missing, or not what a pod has there`,
})

/** Init containers first: the order they start in. */
export function allContainers({ spec }: Pod): readonly Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers]
}

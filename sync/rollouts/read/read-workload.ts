import { type JsonObject, objectAt, objectsAt, valueAt } from '../../../lib/shape.ts'
import { bindingAnnotation } from '../../../requests/annotations/identity-binding.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import { readOwnAnnotations } from '../../../requests/annotations/keys/own-annotations.ts'
import {
  onChangeKey,
  parseOnChange,
  type WorkloadKind,
} from '../../../requests/annotations/on-change.ts'
import { usableClassesOf } from '../../../requests/class/driver-volumes.ts'
import { restartedAtAnnotation } from '../../../requests/rollouts/rollout-names.ts'
import { controllerOf, type Owner, type SeenPod } from '../cluster/read-pod.ts'
import type { WorkloadRef } from '../cluster/rollout-port.ts'
import type { RolledWorkload } from '../rule/decide-rollout.ts'
import { workloadState } from './workload-state.ts'

/** What roll-outs need to know of a Deployment, a StatefulSet or a DaemonSet. */
export interface SeenWorkload {
  readonly ref: WorkloadRef
  readonly resourceVersion: string
  readonly generation: number
  /** When we began its last roll-out, as its template says. */
  readonly restartedAt: string | undefined
  readonly facts: RolledWorkload
  /** What controls it. */
  readonly owner: Owner | undefined
  /** The labels that its pods have, as far as its selector says. */
  readonly labels: Readonly<Record<string, string>>
  readonly template: WorkloadTemplate
  /** What it asks for. Absent: no roll-outs. */
  readonly asks: Asked | undefined
}

interface Asked {
  /** Whether only variables count. */
  readonly isEnvOnly: boolean
  /** Whether its pods are injected. Otherwise, they use synced Secrets. */
  readonly isInjected: boolean
}

interface WorkloadTemplate {
  readonly account: string
  /** Our annotations, without the prefix. */
  readonly own: Readonly<Record<string, string>>
  /** The Secrets that its containers use, and which of them are variables. */
  readonly secrets: readonly { readonly name: string; readonly isEnv: boolean }[]
  /** AKS's annotation that asks for an identity binding, unchecked. */
  readonly binding: unknown
  /** The SecretProviderClasses of its volumes. */
  readonly classes: readonly string[]
}

/** Reads a workload. Undefined if it isn't one. */
export function readRolledWorkload(
  kind: WorkloadKind,
  workload: JsonObject,
): SeenWorkload | undefined {
  const { namespace, name, uid, resourceVersion, generation } = objectAt(workload, 'metadata')
  if (typeof namespace !== 'string' || typeof name !== 'string') return undefined
  if (typeof uid !== 'string' || typeof resourceVersion !== 'string') return undefined
  const template = readTemplate(objectAt(workload, 'spec', 'template'))
  const restartedAt = annotationsOf(objectAt(workload, 'spec', 'template'))[restartedAtAnnotation]
  const labels = Object.entries(objectAt(workload, 'spec', 'selector', 'matchLabels'))
  return {
    ref: { namespace, kind, name, uid },
    resourceVersion,
    generation: typeof generation === 'number' ? generation : 0,
    restartedAt: typeof restartedAt === 'string' ? restartedAt : undefined,
    facts: workloadState(kind, workload),
    owner: controllerOf(workload),
    labels: Object.fromEntries(labels.filter(isText)),
    template,
    asks: asked(template.own, readOwnAnnotations(annotationsOf(workload)).own),
  }
}

const isText = (entry: readonly [string, unknown]): entry is [string, string] =>
  typeof entry[1] === 'string'

/** The template counts if it says anything. The workload's own annotation is for pods that aren't injected. */
function asked(
  template: Readonly<Record<string, string>>,
  workload: Readonly<Record<string, string>>,
): Asked | undefined {
  const isInjected = Object.keys(template).length > 0
  const parsed = parseOnChange((isInjected ? template : workload)[onChangeKey] ?? '')
  return parsed.kind === 'valid'
    ? { isEnvOnly: parsed.value === 'rollout-env', isInjected }
    : undefined
}

function readTemplate(template: JsonObject): WorkloadTemplate {
  const account = valueAt(template, 'spec', 'serviceAccountName')
  return {
    account: typeof account === 'string' && account !== '' ? account : 'default',
    own: readOwnAnnotations(annotationsOf(template)).own,
    secrets: secretsIn(objectAt(template, 'spec')),
    binding: annotationsOf(template)[bindingAnnotation],
    classes: usableClassesOf(template),
  }
}

/** The Secrets that a pod's containers read. */
function secretsIn(spec: JsonObject): WorkloadTemplate['secrets'] {
  const containers = [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')]
  const variables = containers.flatMap((container) => [
    ...objectsAt(container, 'env').map((entry) =>
      valueAt(entry, 'valueFrom', 'secretKeyRef', 'name'),
    ),
    ...objectsAt(container, 'envFrom').map((entry) => valueAt(entry, 'secretRef', 'name')),
  ])
  const volumes = objectsAt(spec, 'volumes').flatMap((volume) => [
    valueAt(volume, 'secret', 'secretName'),
    ...objectsAt(volume, 'projected', 'sources').map((source) => valueAt(source, 'secret', 'name')),
  ])
  const named = (names: readonly unknown[], isEnv: boolean) =>
    [...new Set(names)].flatMap((name) => (typeof name === 'string' ? [{ name, isEnv }] : []))
  return [...named(variables, true), ...named(volumes, false)]
}

/** Whether a pod was made from this template, as far as it concerns us. Whoever may create pods writes their labels and owners. */
export const isOfTemplate = (
  { own, account }: Pick<SeenPod, 'own' | 'account'>,
  template: WorkloadTemplate,
): boolean => account === template.account && sameEntries(own, template.own)

const sameEntries = (
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([key, value]) => b[key] === value)

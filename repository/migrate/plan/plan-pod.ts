import { applyPatch } from '../../../command/review/apply-patch.ts'
import { findAgent } from '../../../command/review/describe-injection.ts'
import { printable } from '../../../lib/printable.ts'
import { describeProblem } from '../../../lib/problems/problem.ts'
import { type JsonObject, objectAt, scalarText } from '../../../lib/shape.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import {
  annotationPrefix,
  isObjectKey,
  readOwnAnnotations,
} from '../../../requests/annotations/keys/own-annotations.ts'
import { isDriverVolume } from '../../../requests/class/driver-volumes.ts'
import { isSubPathMount } from '../../../webhook/core/injection/served-volumes.ts'
import { skipReasons } from '../../../webhook/core/model/outcome.ts'
import { allContainers, type Pod } from '../../../webhook/core/model/pod.ts'
import { hasDriverVolumes } from '../../check/find/find-tasks.ts'
import { findObject } from '../../input/objects/find-object.ts'
import type { FoundObject, PodTemplate } from '../../input/objects/find-objects.ts'
import { reviewTemplate } from '../../input/review-template.ts'
import { podView } from './pod-view.ts'

/** What the migration does with a pod. */
type PodPlan =
  /** The pod has no volumes of the Secrets Store CSI Driver. */
  | { readonly kind: 'untouched' }
  | { readonly kind: 'kept'; readonly reasons: readonly string[] }
  | PodChange

/** A pod with one served volume, which becomes annotations. */
export interface PodChange {
  readonly kind: 'changes'
  readonly volume: string
  /** The new annotations, with our prefix. */
  readonly annotations: Readonly<Record<string, string>>
}

interface Manifests {
  readonly policy: Policy
  readonly objects: readonly FoundObject[]
  /** Why Kustomize changes which files the pod gets. Absent if it doesn't. */
  readonly change?: string | undefined
}

/** Decides whether annotations can give a pod the files of its volume (docs/specification.md, "Command line"). */
export function planPod(template: PodTemplate, manifests: Manifests): PodPlan {
  if (!hasDriverVolumes(template)) return { kind: 'untouched' }
  if (manifests.change !== undefined) return kept(`it ${manifests.change}`)
  const outcome = reviewTemplate(template, manifests)
  if (outcome.kind === 'denied') return kept(...outcome.problems.map(describeProblem))
  if (outcome.kind === 'skipped') return kept(skipReasons[outcome.reason])
  const pod = template.pod as JsonObject & Pod
  const { config } = findAgent(applyPatch(pod, outcome.operations))
  const [volume, ...others] = (pod.spec.volumes ?? []).filter(isDriverVolume)
  if (volume === undefined || others.length > 0 || config.volumes?.length !== 1)
    return kept('it has several volumes of the driver, and annotations have one mount path')
  const mounted = readMounts(pod, volume.name)
  if ('reason' in mounted) return kept(mounted.reason)
  const taken = conflictingAnnotations(pod)
  if (taken.length > 0) return kept(`it has ${taken.join(', ')} already`)

  const annotations = {
    ...sourceAnnotations(config.volumes[0]?.class ?? '', template.namespace, manifests),
    ...(config.identity.tenantId && { 'tenant-id': config.identity.tenantId }),
    ...(config.identity.clientId && { 'client-id': config.identity.clientId }),
    ...(config.tokenProxy && { 'identity-binding': 'true' }),
    'mount-path': mounted.path,
    ...(config.refreshSeconds > 0 && { refresh: `${config.refreshSeconds}s` }),
  }
  const before = podView(pod, outcome)
  for (const chosen of [
    annotations,
    { ...annotations, containers: mounted.containers.join(', ') },
  ]) {
    const change = {
      kind: 'changes',
      volume: volume.name,
      annotations: missing(chosen, pod),
    } as const
    const changed = { ...template, pod: changedPod(pod, change) }
    const review = reviewTemplate(changed, manifests)
    if (review.kind === 'injected' && podView(changed.pod, review) === before) return change
    if (review.kind === 'denied' && 'containers' in chosen)
      return kept(...review.problems.map(describeProblem))
  }
  return kept('annotations would give other files, or give them to other containers')
}

const kept = (...reasons: readonly string[]): PodPlan => ({ kind: 'kept', reasons })

function readMounts(
  pod: Pod,
  volume: string,
): { readonly path: string; readonly containers: readonly string[] } | { readonly reason: string } {
  const mounts = allContainers(pod).flatMap(({ name, volumeMounts }) =>
    (volumeMounts ?? [])
      .filter((mount) => mount.name === volume)
      .map((mount) => ({ ...mount, mountPath: plainPath(mount.mountPath), container: name })),
  )
  const [first] = mounts
  if (first === undefined) return { reason: 'no container mounts its volume' }
  if (mounts.some(isSubPathMount)) return { reason: 'a container mounts a subPath of its volume' }
  const other = mounts.find(({ mountPath }) => mountPath !== first.mountPath)
  if (other !== undefined)
    return {
      reason: `its volume is mounted at ${printable(first.mountPath)} and at ${printable(other.mountPath)}, and annotations have one mount path`,
    }
  return { path: first.mountPath, containers: mounts.map(({ container }) => container) }
}

/** Removes a trailing slash, which the annotation doesn't accept. */
const plainPath = (path: string): string =>
  path.endsWith('/') && path !== '/' ? path.slice(0, -1) : path

/** Finds the pod's own annotations about files, with which the volume's would mix. */
function conflictingAnnotations(pod: JsonObject): readonly string[] {
  return Object.keys(ownOf(pod))
    .filter(
      (key) => isObjectKey(key) || ['vault', 'mount-path', 'containers', 'file-mode'].includes(key),
    )
    .map((key) => annotationPrefix + printable(key))
}

const ownOf = (pod: JsonObject): Readonly<Record<string, string>> =>
  readOwnAnnotations(annotationsOf(pod)).own

/** Adds the prefix, and leaves out annotations that the pod has already. Those apply to the volume, too. */
const missing = (annotations: Readonly<Record<string, string>>, pod: JsonObject) =>
  Object.fromEntries(
    Object.entries(annotations)
      .filter(([key]) => !Object.hasOwn(ownOf(pod), key))
      .map(([key, value]) => [annotationPrefix + key, value]),
  )

/** Returns the class's parameters that become annotations, as the author wrote them. */
function sourceAnnotations(name: string, namespace: string, { objects }: Manifests) {
  const found = findObject(objects, { kind: 'SecretProviderClass', namespace, name })
  const { keyvaultName, objects: list } = objectAt(found?.object, 'spec', 'parameters')
  return { vault: scalarText(keyvaultName).trim(), objects: scalarText(list) }
}

/** Returns the pod after the change that {@link changePod} would make in its document. */
function changedPod(pod: JsonObject & Pod, { volume, annotations }: PodChange): JsonObject {
  const metadata = objectAt(pod, 'metadata')
  const earlier = annotationsOf(pod)
  const withoutMounts = (containers: Pod['spec']['containers']) =>
    containers.map((container) => ({
      ...container,
      volumeMounts: container.volumeMounts?.filter(({ name }) => name !== volume),
    }))
  const { containers, initContainers, volumes } = pod.spec
  return {
    ...pod,
    metadata: { ...metadata, annotations: { ...earlier, ...annotations } },
    spec: {
      ...pod.spec,
      containers: withoutMounts(containers),
      initContainers: initContainers && withoutMounts(initContainers),
      volumes: volumes?.filter(({ name }) => name !== volume),
    },
  }
}

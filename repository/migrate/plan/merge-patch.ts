import { isObject, type JsonObject, objectAt, scalarText, valueAt } from '../../../lib/shape.ts'
import { toPlain } from '../../input/document/to-plain.ts'
import type { PodTemplate } from '../../input/objects/find-objects.ts'
import type { PodChange } from './plan-pod.ts'

/** Kustomize knows merge keys only for Kubernetes' own kinds. For others, it would replace whole lists. */
const mergedVersions = ['v1', 'apps/v1', 'batch/v1']

/**
 * Writes a pod's change as a strategic merge patch for its object. A mount is identified by its path, which is the
 * merge key.
 *
 * @returns undefined if the object's lists can't be merged
 */
export function mergePatch(
  { manifest, ownerPath, path, pod }: PodTemplate,
  { volume, annotations }: PodChange,
): JsonObject | undefined {
  const owner = objectAt(toPlain(manifest), ...ownerPath)
  const { apiVersion, kind } = owner
  const { name, namespace } = objectAt(owner, 'metadata')
  if (!mergedVersions.includes(scalarText(apiVersion)) || name === undefined) return undefined
  const lists = ['initContainers', 'containers'].flatMap((list) => {
    const containers = mountsIn(valueAt(pod, 'spec', list), volume)
    return containers.length === 0 ? [] : [[list, containers] as const]
  })
  const spec = { ...Object.fromEntries(lists), volumes: [{ $patch: 'delete', name: volume }] }
  const names = { name, ...(namespace !== undefined && { namespace }) }
  const below = path.slice(ownerPath.length)
  if (below.length === 0) return { apiVersion, kind, metadata: { ...names, annotations }, spec }
  const template = below.reduceRight<unknown>((inner, key) => ({ [key]: inner }), {
    metadata: { annotations },
    spec,
  })
  return { apiVersion, kind, metadata: names, ...objectAt(template) }
}

/** Lists the containers that mount a volume, with `$patch: delete` for these mounts. */
function mountsIn(containers: unknown, volume: string): readonly JsonObject[] {
  if (!Array.isArray(containers)) return []
  return containers.flatMap((container: unknown) => {
    const mounts = valueAt(container, 'volumeMounts')
    const removed = (Array.isArray(mounts) ? mounts : [])
      .filter((mount) => isObject(mount) && mount['name'] === volume)
      .map((mount) => ({ $patch: 'delete', mountPath: valueAt(mount, 'mountPath') }))
    const name = valueAt(container, 'name')
    return removed.length === 0 ? [] : [{ name, volumeMounts: removed }]
  })
}

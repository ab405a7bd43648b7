import { isObject } from '../keyvault/shape.ts'
import type { SeenAccount } from './sync-cluster.ts'

/** A ServiceAccount of a list or a watch; none where it isn't one. */
export function readSeenAccount(object: unknown): readonly SeenAccount[] {
  const metadata = isObject(object) ? object['metadata'] : undefined
  if (!isObject(metadata)) return []
  const { namespace, name, uid, resourceVersion } = metadata
  const texts = [namespace, name, uid, resourceVersion]
  if (!texts.every((text) => typeof text === 'string')) return []
  const annotations = isObject(metadata['annotations']) ? metadata['annotations'] : {}
  return [{ namespace, name, uid, resourceVersion, annotations } as SeenAccount]
}

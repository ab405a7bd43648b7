import { objectAt, valueAt } from '../../lib/shape.ts'
import type { SeenNamespace } from './cluster-port.ts'

/** Reads a namespace of a list or a watch. Returns an empty list for anything else. */
export function readSeenNamespace(object: unknown): readonly SeenNamespace[] {
  const { name, uid, resourceVersion, deletionTimestamp } = objectAt(object, 'metadata')
  if (typeof name !== 'string' || typeof uid !== 'string') return []
  if (typeof resourceVersion !== 'string') return []
  const isTerminating =
    deletionTimestamp !== undefined || valueAt(object, 'status', 'phase') === 'Terminating'
  return [{ name, uid, resourceVersion, isTerminating }]
}

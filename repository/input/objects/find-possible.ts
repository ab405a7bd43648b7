import { hasPlaceholder, mayEqual } from '../placeholders/open-names.ts'
import type { FoundObject } from './find-objects.ts'

type Named = Pick<FoundObject, 'kind' | 'namespace' | 'name'>

/** Bounds the comparisons. People write fewer names with placeholders. */
const maxCompared = 500

const marked = new WeakMap<readonly FoundObject[], readonly FoundObject[]>()

/**
 * Finds an object that a name may turn out to mean once placeholders have values.
 *
 * @returns a clause about it; undefined if no value makes it the name of an object
 */
export function findPossible(objects: readonly FoundObject[], wanted: Named): string | undefined {
  const isOpen = ({ namespace, name }: Named) => hasPlaceholder(namespace) || hasPlaceholder(name)
  const open = marked.get(objects) ?? objects.filter(isOpen)
  marked.set(objects, open)
  const found = (isOpen(wanted) ? objects : open)
    .filter(({ kind }) => kind === wanted.kind)
    .slice(0, maxCompared)
    .find(
      ({ kind, namespace, name }) =>
        mayEqual(name, wanted.name) &&
        (kind === 'ClusterSecretStore' || mayEqual(namespace, wanted.namespace)),
    )
  return (
    found &&
    `is not in namespace ${wanted.namespace} of these files, but may be ${found.name} in namespace ${found.namespace}`
  )
}

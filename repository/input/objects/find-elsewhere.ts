import { listNames } from '../../../lib/list-names.ts'
import { isName, labelName } from '../../../lib/name-rules.ts'
import { printable } from '../../../lib/printable.ts'
import { positionOf } from '../document/position-of.ts'
import { describeSource } from '../text/file-error.ts'
import { findNamesakes } from './find-object.ts'
import type { FoundObject, NamedObject } from './find-objects.ts'

type Named = Pick<FoundObject, 'kind' | 'namespace' | 'name'>

const maxPlaces = 3

/**
 * Finds an object of this kind and name in other namespaces. Files often leave the namespace to Kustomize, and then
 * have it only in some of their objects.
 *
 * @returns a clause about it, with its file; undefined if no namespace has it
 */
export function findElsewhere(objects: readonly FoundObject[], wanted: Named): string | undefined {
  const found = findNamesakes(objects, wanted)
  const [first, second] = found
  if (first === undefined) return undefined
  const places = listNames(found.map(placeOf), maxPlaces)
  const option =
    second === undefined && isName(first.namespace, labelName)
      ? `, or pass --namespace ${first.namespace} if only kubectl gets it`
      : ''
  return `is not in namespace ${printable(wanted.namespace, 63)} of these files, but in ${places}; write the same namespace in both files${option}, or, if Kustomize sets it, check what Kustomize renders`
}

function placeOf(found: FoundObject & Partial<NamedObject>): string {
  const { namespace, manifest, path } = found
  const name = `namespace ${printable(namespace, 63)}`
  if (manifest === undefined || path === undefined) return name
  const { source, line } = positionOf(manifest, path)
  return `${name} (${describeSource(source)}:${line})`
}

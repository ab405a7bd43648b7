import { isObject, type JsonObject, objectAt } from '../../../lib/shape.ts'
import { ownKeys } from '../../../requests/annotations/keys/own-annotations.ts'

export type Path = readonly (string | number)[]

/** Nothing that people write by hand nests its pods this deeply. */
const maxDepth = 64
/**
 * A List of thousands of pods has fewer values. The limit bounds the time, because aliases make a document larger than
 * its text.
 */
const maxValues = 2_000_000

/**
 * Searches an object for pods and pod templates. Kinds don't matter: Kubernetes' workloads have their template at
 * `spec.template`, and custom resources have theirs anywhere. A template has `spec.containers`, or it is a member
 * `template` that has annotations of ours.
 *
 * @returns their paths in the object; undefined if the object is too large to be searched
 */
export function templatePaths(object: JsonObject): readonly Path[] | undefined {
  if (object['kind'] === 'Pod') return [[]]
  const found: Path[] = []
  const path: (string | number)[] = []
  let left = maxValues

  /** Returns whether the value contains a template. */
  const search = (value: unknown): boolean => {
    left--
    if (typeof value !== 'object' || value === null || path.length > maxDepth || left < 0)
      return false
    if (path.length > 0 && isObject(value) && hasContainers(value)) return found.push([...path]) > 0
    let isInside = false
    const keys = Array.isArray(value) ? value.keys() : Object.keys(value)
    for (const key of keys) {
      if (path.length === 0 && isOfEveryObject(key)) continue
      path.push(key)
      isInside = search((value as JsonObject)[key]) || isInside
      path.pop()
    }
    if (isInside || !isObject(value) || !isAnnotatedTemplate(value, path.at(-1))) return isInside
    return found.push([...path]) > 0
  }
  search(object)
  return left < 0 ? undefined : found
}

const isOfEveryObject = (key: string | number): boolean => key === 'metadata' || key === 'status'

const hasContainers = ({ spec }: JsonObject): boolean =>
  isObject(spec) && Array.isArray(spec['containers'])

const isAnnotatedTemplate = (value: JsonObject, key: string | number | undefined): boolean =>
  key === 'template' && ownKeys(objectAt(value, 'metadata', 'annotations')).length > 0

import { nearestName } from '../../../lib/problems/did-you-mean.ts'
import { hasPlaceholder } from '../placeholders/open-names.ts'
import { findNeighbours } from './find-object.ts'
import type { FoundObject } from './find-objects.ts'

type Named = Pick<FoundObject, 'kind' | 'namespace' | 'name'>

/** Bounds the comparisons, because each object of the files may name one that they lack. */
const maxCompared = 500
const maxMeasured = 20
/** Of two shorter names, any may differ by a character. */
const minMeasured = 4

/**
 * Finds the one object of the namespace whose name differs from a missing one by a prefix, a suffix, or a few characters.
 *
 * @returns a clause about it; undefined if there is none, or several
 */
export function findNear(objects: readonly FoundObject[], wanted: Named): string | undefined {
  const neighbours = findNeighbours(objects, wanted)
  const { length } = neighbours
  if (length > maxCompared || hasPlaceholder(wanted.name)) return undefined
  const isMeasured = length <= maxMeasured && wanted.name.length >= minMeasured
  const names = neighbours.map(({ name }) => name).filter((name) => !hasPlaceholder(name))
  const isAffixed = (name: string) => hasAffix(name, wanted.name) || hasAffix(wanted.name, name)
  const [near, another] = names.filter(
    (name) => isAffixed(name) || (isMeasured && nearestName(wanted.name, [name]) !== undefined),
  )
  if (near === undefined || another !== undefined) return undefined
  const why = isAffixed(near)
    ? ", because Kustomize's namePrefix and nameSuffix don't change it in references"
    : ''
  return `is not among these files, but ${near} is; if that is meant, write its name${why}`
}

const hasAffix = (name: string, part: string): boolean =>
  name.startsWith(`${part}-`) || name.endsWith(`-${part}`)

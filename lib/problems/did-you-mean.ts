import { closestMatch } from 'leven'
import { listNames } from '../list-names.ts'

/** More changes make another word. */
const maxDistance = 3
/** More than any caller knows but for the refused metadata, of which a few are enough. */
const maxShown = 40

/**
 * Finds the known name that a misspelt one most likely means: a third of its characters may differ, and at most
 * three. Upper and lower case count as the same.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const lower = known.map((one) => one.toLowerCase())
  const nearest = closestMatch(name.toLowerCase(), lower, {
    maxDistance: Math.min(maxDistance, Math.ceil(name.length / 3)),
  })
  return nearest === undefined ? undefined : known[lower.indexOf(nearest)]
}

/** Ends a sentence about an unknown name: with the nearest known one, or else with what is accepted. */
export function didYouMean(name: string, known: readonly string[], prefix = ''): string {
  const nearest = nearestName(name, known)
  if (nearest !== undefined) return `did you mean ${prefix}${nearest}?`
  return `accepted${prefix === '' ? '' : ` after ${prefix}`}: ${listNames(known, maxShown)}`
}

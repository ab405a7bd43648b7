import { printable } from '../printable.ts'

/**
 * Shows in a message the JSON value that was found instead of a string. Objects and arrays aren't shown, because their
 * depth and size aren't bounded yet.
 */
export function showJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return printable(String(value))
  return Array.isArray(value) ? '[…]' : '{…}'
}

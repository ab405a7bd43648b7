import { printable } from './printable.ts'

/**
 * A JSON value as a message shows it, where a string belongs. Objects and arrays are not shown: nobody has bounded their
 * depth or size yet.
 */
export function showJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return printable(String(value))
  return Array.isArray(value) ? '[…]' : '{…}'
}

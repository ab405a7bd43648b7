import { isAbsolute, relative } from 'node:path'

/**
 * The path of a file relative to the current folder, which in a pipeline is the checkout. Undefined for standard input, and
 * for a file elsewhere, which no repository has.
 */
export function relativePath(source: string): string | undefined {
  if (source === '-') return undefined
  const path = relative('', source)
  return path === '' || path.startsWith('..') || isAbsolute(path) ? undefined : path
}

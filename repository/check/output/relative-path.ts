import { isAbsolute, relative } from 'node:path'
import { sourceFile } from '../../input/text/rendered-source.ts'

/**
 * Returns the path of a file relative to the current folder, which in a pipeline is the checkout. Undefined for
 * standard input and for a file outside of the folder. For rendered text, it is the path of the file that it was
 * rendered from.
 */
export function relativePath(source: string): string | undefined {
  if (source === '-') return undefined
  const path = relative('', sourceFile(source))
  return path === '' || path.startsWith('..') || isAbsolute(path) ? undefined : path
}

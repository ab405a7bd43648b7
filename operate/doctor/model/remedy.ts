import { errorTable } from '../../../lib/errors/error-table.ts'

const table: Readonly<Record<string, { readonly remedy: string }>> = errorTable

/**
 * What to do about a code. The code may come from an annotation or a log of another version, so it may not be in the
 * table.
 */
export const remedyOf = (code: string): string =>
  (Object.hasOwn(table, code) ? table[code]?.remedy : undefined) ??
  'look it up in docs/errors.md, or update akv-injector on this machine'

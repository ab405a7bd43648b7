import { errorTable } from '../../../lib/errors/error-table.ts'

const table: Readonly<Record<string, { readonly remedy: string }>> = errorTable

/** What to do about a code. Codes may come from annotations and logs, so the table may not have them. */
export const remedyOf = (code: string): string =>
  (Object.hasOwn(table, code) ? table[code]?.remedy : undefined) ??
  'look it up in docs/errors.md, or update akv-injector on this machine'

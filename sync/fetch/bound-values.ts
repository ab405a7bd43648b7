import { noContent } from '../../init-agent/projection/project-content.ts'
import type { RefreshState } from '../../init-agent/projection/refresh-content.ts'
import type { AccountValues } from './account-values.ts'

/** More than an account should need, and little enough for dozens of accounts. */
export const maxKeptBytes = 4 * 1024 * 1024
/** The memory that a value takes besides its bytes. */
const entryBytes = 256

/**
 * Bounds the values of an account that are kept between rounds: keeps all of them, or none if they are too large
 * together. The next round then reads them from the Secrets, as after a restart.
 */
export function boundValues(values: AccountValues): AccountValues {
  if (!isTooLarge(values.refresh)) return values
  const refresh = { ...values.refresh, content: noContent, known: new Map() }
  return { ...values, refresh, seeded: new Set(), filled: new Set() }
}

/** Whether values take more memory than is kept of them. */
export const isTooLarge = (refresh: RefreshState): boolean => sizeOf(refresh) > maxKeptBytes

function sizeOf({ content, known }: RefreshState): number {
  let size = 0
  for (const { bytes } of content.files.values()) size += bytes.length + entryBytes
  for (const found of known.values())
    size += (found.kind === 'secret' ? found.value.length : 0) + entryBytes
  return size
}

import { noContent } from '../../init-agent/projection/project-content.ts'
import type { RefreshState } from '../../init-agent/projection/refresh-content.ts'
import type { AccountValues } from './refresh-account.ts'

/** More than any account should need, and little enough that dozens of them may have it. */
export const maxKeptBytes = 4 * 1024 * 1024
/** What a value costs besides its bytes. */
const entryBytes = 256

/**
 * What is kept of an account's values between rounds: all, or where that is too much none. They are in its Secrets then,
 * and read there the next time, as after a restart.
 */
export function boundValues(values: AccountValues): AccountValues {
  if (sizeOf(values.refresh) <= maxKeptBytes) return values
  const refresh = { ...values.refresh, content: noContent, known: new Map() }
  return { ...values, refresh, seeded: new Set(), filled: new Set() }
}

function sizeOf({ content, known }: RefreshState): number {
  let size = 0
  for (const { bytes } of content.files.values()) size += bytes.length + entryBytes
  for (const found of known.values())
    size += (found.kind === 'secret' ? found.value.length : 0) + entryBytes
  return size
}

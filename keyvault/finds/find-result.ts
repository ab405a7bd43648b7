import type { AkvError } from '../../lib/errors/akv-error.ts'

/** What a find has found when the vault was last listed. */
export interface FindResult {
  /** Absent: the vault has never been listed. */
  readonly secrets?: readonly FoundSecret[]
  /** Why the last list failed. The secrets are then those of the list before. */
  readonly error?: AkvError
  /** When all secrets were last due to be fetched. */
  readonly allDueAtMs?: number
}

export interface FoundSecret {
  readonly name: string
  readonly updatedAtMs?: number
  /** Whether it had just been updated when it was listed. Key Vault's dates have whole seconds, so it may change again unnoticed. */
  readonly isRecent: boolean
  /** Whether it is as the list before had it, or its vault wasn't listed in this round. */
  readonly isUnchanged: boolean
}

/** By the key of the find. */
export type FoundByFind = ReadonlyMap<string, FindResult>

/** Thousands of accounts have none. */
export const nothingFound: FoundByFind = new Map<never, never>()

/** The memory that a finding, or a found secret, takes besides its name. */
const entryBytes = 128

/** About how much memory the findings take. */
export function findingBytes(findings: FoundByFind): number {
  let bytes = 0
  for (const [key, { secrets = [] }] of findings) {
    bytes += 2 * key.length + entryBytes
    for (const { name } of secrets) bytes += name.length + entryBytes
  }
  return bytes
}

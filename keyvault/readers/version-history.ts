import { AkvError } from '../../lib/errors/akv-error.ts'
import type { ListedVersion } from '../clients/object-client.ts'
import { describeObject, type ObjectReference } from '../reference.ts'

/**
 * Picks the newest `count` enabled versions, newest first. If the reference names a version, the history starts with
 * it.
 *
 * @param options - `newest`: the version that the vault treats as the newest, if two have the same date (see
 *   {@link isAmbiguous}). Other versions with the same date are ordered by name, so that their order never changes
 * @throws AkvError if the version doesn't exist, or is disabled
 */
export function pickVersions(
  listed: readonly ListedVersion[],
  reference: ObjectReference,
  { count, newest }: { readonly count: number; readonly newest?: string | undefined },
): readonly string[] {
  const { version: start } = reference
  const fail = (code: 'AKV_OBJECT_NOT_FOUND' | 'AKV_OBJECT_DISABLED', what: string) =>
    new AkvError(code, `${describeObject(reference)}: ${what}`)
  if (start !== undefined && !listed.some(({ version }) => version === start))
    throw fail(
      'AKV_OBJECT_NOT_FOUND',
      'the version that the history should start with does not exist',
    )
  const rank = (version: string) => (version === newest ? '' : version)
  const enabled = listed
    .filter(({ isEnabled }) => isEnabled)
    .toSorted(
      (a, b) => b.createdAtMs - a.createdAtMs || (rank(a.version) < rank(b.version) ? -1 : 1),
    )
    .map(({ version }) => version)
  const from = start === undefined ? 0 : enabled.indexOf(start)
  if (from < 0)
    throw fail('AKV_OBJECT_DISABLED', 'the version that the history should start with is disabled')
  if (enabled.length > 0) return enabled.slice(from, from + count)
  throw listed.length > 0
    ? fail('AKV_OBJECT_DISABLED', 'all of its versions are disabled')
    : fail('AKV_OBJECT_NOT_FOUND', `vault ${reference.vault} lists no version of it`)
}

/** Whether several versions could be the newest: Key Vault's dates have a precision of one second. */
export function isAmbiguous(listed: readonly ListedVersion[]): boolean {
  const dates = listed.filter(({ isEnabled }) => isEnabled).map(({ createdAtMs }) => createdAtMs)
  const newest = Math.max(...dates)
  return dates.filter((date) => date === newest).length > 1
}

import { AkvError } from '../lib/errors/akv-error.ts'
import type { ListedVersion } from './clients/object-client.ts'
import { describeObject, type ObjectReference } from './reference.ts'

/**
 * The newest `count` versions that are enabled, newest first; from the one that the reference names on, if it does.
 *
 * @param options - `newest`: the one that the vault itself takes for the newest, where two are of the same second (see
 *   {@link hasTwins}); among others of one second the names decide, so that their order stays
 * @throws AkvError if there is no such version, or it is disabled
 */
export function pickVersions(
  listed: readonly ListedVersion[],
  reference: ObjectReference,
  { count, newest }: { readonly count: number; readonly newest?: string | undefined },
): readonly string[] {
  const { version: start } = reference
  const fail = (code: 'AKV_OBJECT_NOT_FOUND' | 'AKV_OBJECT_DISABLED', what: string) =>
    new AkvError({ code, message: `${describeObject(reference)}: ${what}` })
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

/** Whether the list alone can't tell which version is the newest: Key Vault dates them to the second. */
export function hasTwins(listed: readonly ListedVersion[]): boolean {
  const dates = listed.filter(({ isEnabled }) => isEnabled).map(({ createdAtMs }) => createdAtMs)
  const newest = Math.max(...dates)
  return dates.filter((date) => date === newest).length > 1
}

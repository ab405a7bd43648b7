import { isSecretLine, readSyncStatus } from '../../../requests/account/sync-status.ts'
import type { SecretStatus } from '../../account/account-state.ts'
import type { StatusEntry } from '../../plan/account-status.ts'
import type { FoundObjects } from '../result/round-result.ts'

/**
 * What an account's status says after a round. The status of before knows the objects of Secrets that the round hasn't read.
 *
 * @param round - `secrets`: what is requested, and everything else that is wrong; `found`: absent if the round ended before it
 *   had read the Secrets; `isCurrent`: whether the status of before is the last one that we meant to write
 */
export function statusEntries({
  secrets,
  found,
  published,
  isCurrent,
}: {
  readonly secrets: ReadonlyMap<string, Pick<SecretStatus, 'failing'>>
  readonly found: FoundObjects | undefined
  readonly published: string | undefined
  readonly isCurrent: boolean
}): ReadonlyMap<string, StatusEntry> {
  const before = readSyncStatus(published ?? '')
  // A Secret that isn't named there may hold the same objects as one that is.
  const isKnown = isCurrent && before.leftOut === 0
  const objectsBefore = new Map(
    before.secrets.map(({ name, objects }) => [name, isKnown ? objects : undefined]),
  )
  const objectsOf = (name: string) =>
    found?.requested.has(name) ? found.requested.get(name) : objectsBefore.get(name)
  const kept = found?.kept ?? [...objectsBefore.keys()].filter(isSecretLine)
  return new Map<string, StatusEntry>([
    ...[...kept].map((name) => [name, { isKept: true, objects: objectsOf(name) }] as const),
    ...[...secrets].map(
      ([name, { failing }]) => [name, { failing, objects: objectsOf(name) }] as const,
    ),
  ])
}

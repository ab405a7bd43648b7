import { isDeepStrictEqual } from 'node:util'
import type { SeenStatus } from '../../../requests/external-secret/seen-external-secret.ts'
import type { LastRefresh } from '../../../requests/schedule/refresh-due.ts'
import type { Source } from '../../../requests/source/source.ts'
import type { SecretStatus } from '../../account/account-state.ts'
import type { Attempt } from '../../plan/secret-turn.ts'
import type { TurnRound } from './turn-round.ts'

interface Known {
  readonly source: Source
  /** What the last round left. */
  readonly status: SecretStatus | undefined
  /** The status of the ExternalSecret, which outlasts a restart. The operator may have written it. */
  readonly published: SeenStatus | undefined
}

/**
 * When the values of a source were last fetched: as this process knows it or, after a restart, as the source's own status says.
 *
 * @param round - `nowMs`: boot time; `wallMs`: the same time in milliseconds since 1970
 */
export function lastAttempt(
  { source, status, published }: Known,
  {
    nowMs,
    wallMs,
    asksForAll,
    isChanged,
    state,
  }: Pick<TurnRound, 'asksForAll' | 'isChanged' | 'state'> & {
    readonly nowMs: number
    readonly wallMs: number
  },
): { readonly attempt?: Attempt; readonly last: LastRefresh | undefined } {
  const known = status?.scheduled?.attempt
  if (known === undefined) return publishedRefresh(published, { source, nowMs, wallMs, asksForAll })
  // Somebody else has written the Secret, perhaps with newer values, or the account has other sources now and so more room.
  const isOutdated = status?.failing !== undefined && (state.isOutdated || isChanged)
  const isSame =
    known.source === source ||
    (known.source.uid === source.uid && isDeepStrictEqual(known.source, source))
  return {
    attempt: known,
    last: { atMs: wallMs - (nowMs - known.atMs), isCurrent: isSame && !asksForAll && !isOutdated },
  }
}

function publishedRefresh(
  published: SeenStatus | undefined,
  {
    source,
    nowMs,
    wallMs,
    asksForAll,
  }: Pick<Known, 'source'> & {
    readonly nowMs: number
    readonly wallMs: number
    readonly asksForAll: boolean
  },
): ReturnType<typeof lastAttempt> {
  const { ready, refreshTime = '', syncedResourceVersion: revision } = published ?? {}
  const atMs = rfc3339.test(refreshTime) ? Date.parse(refreshTime) : Number.NaN
  if (ready?.status !== 'True' || !revision || Number.isNaN(atMs)) return { last: undefined }
  return {
    attempt: { source, atMs: nowMs - (wallMs - atMs) },
    last: { atMs, isCurrent: revision === source.revision && !asksForAll },
  }
}

/** As the API server writes times. Date.parse would read much more. */
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[-+]\d\d:\d\d)$/

import { objectKey } from '../../../init-agent/projection/wanted-objects.ts'
import { type Failing, failingSince } from '../../plan/account-status.ts'
import { filesOfSecret } from '../../plan/secret-data.ts'
import type { SyncRequest } from '../../request/account-request.ts'
import { sourceKey } from '../../source/source-ref.ts'
import type { SecretStatus } from '../account-state.ts'
import type { RoundResult } from '../round-result.ts'

type Statuses = ReadonlyMap<string, SecretStatus>

/** What was known of an account's Secrets before a round. */
export interface KnownStatuses {
  readonly secrets: Statuses
  /** The account's `akv-injector.io/sync-status`, which outlasts a restart of the controller. */
  readonly published: string | undefined
}

/** The status of each requested Secret after a round, and of everything else that is wrong. */
export function statusesAfter(
  before: KnownStatuses,
  round: {
    /** Absent if the account requests nothing. */
    readonly request: SyncRequest | undefined
    readonly result: RoundResult
    readonly isRegular: boolean
    readonly nextRegularAtMs: number
    readonly nowMs: number
  },
): Statuses {
  const { request, result, isRegular, nextRegularAtMs, nowMs } = round
  const failingFrom = startTimes(before, nowMs)
  const statuses = (request?.secrets ?? []).map(({ name }): readonly [string, SecretStatus] => {
    const last = before.secrets.get(name)
    const code = request && failureCode(name, { request, result })
    const failing = code === undefined ? undefined : failingFrom(name, code)
    const isConfirmed =
      failing === undefined && (isRegular || last?.failing !== undefined || last === undefined)
    const dueAtMs = isConfirmed ? nextRegularAtMs : (last?.dueAtMs ?? nowMs)
    return [name, { failing, dueAtMs, leftVersion: result.synced.get(name) }]
  })
  const wrong = [
    ...[...result.held].map((name) => [name, 'AKV_SYNC_SOURCE'] as const),
    ...(request?.mistakes ?? []).map(({ source }) =>
      source === undefined
        ? (['', 'AKV_SYNC_ANNOTATION'] as const)
        : ([sourceKey(source), 'AKV_SYNC_SOURCE'] as const),
    ),
  ].map(([name, code]): readonly [string, SecretStatus] => [
    name,
    { failing: failingFrom(name, code), dueAtMs: before.secrets.get(name)?.dueAtMs ?? nowMs },
  ])
  return new Map([...statuses, ...wrong])
}

/**
 * The statuses of an account whose annotations can't be read, so that the mistake shows in the metrics. We can't know which
 * Secrets it asks for, so these are the Secrets of before or, if there were none, one without a name that stands for the
 * account.
 */
export function statusesWhenRefused(before: KnownStatuses, nowMs: number): Statuses {
  const failingFrom = startTimes(before, nowMs)
  const asked = before.secrets.size > 0 ? [...before.secrets] : [['', { dueAtMs: nowMs }] as const]
  return new Map(
    asked.map(([name, { dueAtMs }]): readonly [string, SecretStatus] => [
      name,
      { failing: failingFrom(name, 'AKV_SYNC_ANNOTATION'), dueAtMs },
    ]),
  )
}

/** A Secret that keeps failing keeps its start time, even if the code changes or the controller was restarted. */
function startTimes({ secrets, published }: KnownStatuses, nowMs: number) {
  const publishedTimes = failingSince(published, nowMs)
  return (name: string, code: Failing['code']): Failing => {
    const last = secrets.get(name)
    const sinceMs =
      last?.failing?.sinceMs ?? (last === undefined ? publishedTimes.get(name) : undefined)
    return { code, sinceMs: sinceMs ?? nowMs }
  }
}

/**
 * Why a Secret isn't in sync after a round, or undefined if it is. A Secret counts as failing if one of its objects could
 * not be fetched, even though it keeps its last good value.
 */
function failureCode(
  name: string,
  { request, result }: { readonly request: SyncRequest; readonly result: RoundResult },
): Failing['code'] | undefined {
  const { failures, synced } = result
  const objectCodes = new Map(
    failures.flatMap((failure) =>
      failure.kind === 'object' ? [[failure.key, failure.error.code] as const] : [],
    ),
  )
  const [ofObject] = filesOfSecret(name, request.config).flatMap(
    ({ object, versions }) => objectCodes.get(objectKey(object, { versions })) ?? [],
  )
  if (ofObject === undefined && synced.has(name)) return undefined
  const ofSecret = failures.findLast(
    (failure) => failure.kind === 'secret' && failure.name === name,
  )
  const ofAccount = failures.findLast(({ kind }) => kind === 'account')
  return ofSecret?.error.code ?? ofObject ?? ofAccount?.error.code ?? 'waiting'
}

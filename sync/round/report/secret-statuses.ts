import { neededObjectKeys } from '../../../delivery/projection/wanted-objects.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { AkvError } from '../../../lib/errors/akv-error.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import { sourceKey } from '../../../requests/secret/source-ref.ts'
import type { SecretStatus } from '../../account/account-state.ts'
import { type Failing, failingSince } from '../../plan/account-status.ts'
import type { RoundResult } from '../result/round-result.ts'
import { isSkipped } from '../settle/present-part.ts'

type Statuses = ReadonlyMap<string, SecretStatus>

/** What was known of an account's Secrets before a round. */
interface KnownStatuses {
  readonly secrets: Statuses
  /** The account's `akv-injector.io/sync-status`, which outlasts a restart of the controller. */
  readonly published: string | undefined
}

/** The time of a round by both clocks. */
interface RoundTime {
  /** Boot time. */
  readonly nowMs: number
  /** Milliseconds since 1970. */
  readonly wallMs: number
}

export const roundTime = (clock: Pick<Clock, 'now' | 'wallTime'>): RoundTime => ({
  nowMs: clock.now(),
  wallMs: clock.wallTime(),
})

/** The status of each requested Secret after a round, and of everything else that is wrong. */
export function statusesAfter(
  before: KnownStatuses,
  round: {
    /** Absent if the account requests nothing. */
    readonly request: SyncRequest | undefined
    readonly result: RoundResult
    readonly isRegular: boolean
    readonly nextRegularAtMs: number
    readonly time: RoundTime
  },
): Statuses {
  const { request, result, isRegular, nextRegularAtMs, time } = round
  const { nowMs } = time
  const failingFrom = startTimes(before, time)
  const codeOf = request && failureCodes(request, result)
  const statuses = (request?.secrets ?? []).map(({ name }): readonly [string, SecretStatus] => {
    const last = before.secrets.get(name)
    const turn = result.turns.get(name)
    const scheduled = turn === undefined ? last?.scheduled : turn.scheduled
    if (turn?.kind === 'rest')
      return [
        name,
        { dueAtMs: nowMs, ...last, ...(scheduled && { scheduled, dueAtMs: scheduled.nextAtMs }) },
      ]
    const code = codeOf?.(name)
    const failing = code === undefined ? undefined : failingFrom(name, code)
    const isConfirmed =
      failing === undefined && (isRegular || last?.failing !== undefined || last === undefined)
    const nextAtMs = scheduled?.nextAtMs ?? nextRegularAtMs
    const dueAtMs = isConfirmed || scheduled ? nextAtMs : (last?.dueAtMs ?? nowMs)
    return [name, { failing, dueAtMs, leftVersion: result.synced.get(name), scheduled }]
  })
  const wrong = [
    ...[...result.held].map((name) => [name, 'AKV_SYNC_ORPHANED'] as const),
    ...(request?.mistakes ?? []).map(
      ({ source, code }) => [source === undefined ? '' : sourceKey(source), code] as const,
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
export function statusesWhenRefused(before: KnownStatuses, time: RoundTime): Statuses {
  const { nowMs } = time
  const failingFrom = startTimes(before, time)
  const shown = before.secrets.size > 0 ? [...before.secrets] : [['', { dueAtMs: nowMs }] as const]
  return new Map(
    shown.map(([name, { dueAtMs }]): readonly [string, SecretStatus] => [
      name,
      { failing: failingFrom(name, 'AKV_SYNC_ANNOTATION'), dueAtMs },
    ]),
  )
}

/**
 * A Secret that keeps failing keeps its start time, even if the code changes or the controller was restarted. A restarted
 * controller may run on another node, so it has only the wall time.
 */
function startTimes({ secrets, published }: KnownStatuses, { nowMs, wallMs }: RoundTime) {
  const publishedTimes = failingSince(published, wallMs)
  return (name: string, code: Failing['code']): Failing => {
    const last = secrets.get(name)
    if (last?.failing !== undefined) return { ...last.failing, code }
    const sinceWallMs = (last === undefined ? publishedTimes.get(name) : undefined) ?? wallMs
    return { code, sinceMs: nowMs - (wallMs - sinceWallMs), sinceWallMs }
  }
}

/**
 * Why a Secret isn't in sync after a round, by its name, or undefined if it is. A Secret counts as failing if one of its
 * objects could not be fetched, even though it keeps its last good value.
 */
function failureCodes(
  { config, secrets }: SyncRequest,
  { failures, synced }: RoundResult,
): (name: string) => Failing['code'] | undefined {
  const ofObjects = new Map<string, AkvError>()
  const ofSecrets = new Map<string, Failing['code']>()
  let ofAccount: Failing['code'] | undefined
  for (const failure of failures) {
    const { code } = failure.error
    if (failure.kind === 'object') ofObjects.set(failure.key, failure.error)
    if (failure.kind === 'secret') ofSecrets.set(failure.name, code)
    if (failure.kind === 'account') ofAccount = code
  }
  const firstOfObjects = new Map<string, Failing['code']>()
  const byName = new Map(secrets.map((secret) => [secret.name, secret]))
  for (const file of config.files) {
    const { secret } = file.to
    if (firstOfObjects.has(secret)) continue
    const error = neededObjectKeys(file)
      .map((key) => ofObjects.get(key))
      .find((found) => found !== undefined && !isSkipped(byName.get(secret) ?? {}, found))
    if (error !== undefined) firstOfObjects.set(secret, error.code)
  }
  return (name) => {
    const ofObject = firstOfObjects.get(name)
    // A Secret whose find has failed is in sync with what had been found before.
    const ofSecret = ofSecrets.get(name)
    if (ofObject === undefined && ofSecret === undefined && synced.has(name)) return undefined
    return ofSecret ?? ofObject ?? ofAccount ?? 'waiting'
  }
}

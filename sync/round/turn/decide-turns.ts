import {
  lookMs,
  type RefreshDecision,
  refreshDue,
  type SecretState,
} from '../../../requests/schedule/refresh-due.ts'
import { sourceKey } from '../../../requests/secret/source-ref.ts'
import type { Source } from '../../../requests/source/source.ts'
import type { SecretStatus } from '../../account/account-state.ts'
import { ownershipOf } from '../../plan/ownership.ts'
import type { SecretTurn, SecretTurns } from '../../plan/secret-turn.ts'
import type { StoredSecret } from '../../plan/stored-secret.ts'
import { deletedReason } from '../../status/ready-status.ts'
import { lastAttempt } from './last-attempt.ts'
import type { TurnRound, TurnServices } from './turn-round.ts'

/**
 * Decides what the round does for each requested Secret. Those of one schedule are due together; each with a schedule of its own is
 * looked at once an hour besides, because nobody says when a Secret has gone.
 */
export async function decideTurns(round: TurnRound, services: TurnServices): Promise<SecretTurns> {
  const { reading, state, budget, signal } = round
  if (reading === undefined) return new Map()
  const { secrets, sources } = reading.request
  const byKey = new Map(sources.map((source) => [sourceKey(source.ref), source]))
  const turns = new Map<string, SecretTurn>()
  const together = togetherTurn(round)
  for (const { name, source: ref } of secrets) {
    signal.throwIfAborted()
    const source = ref && byKey.get(sourceKey(ref))
    const status = state.secrets.get(name)
    // Looking for the days of rare windows takes up to a millisecond, and an account may have hundreds of such sources.
    if (source?.schedule?.windows) await budget.yieldNow()
    turns.set(
      name,
      source?.schedule
        ? await scheduledTurn({ name, source, schedule: source.schedule, status }, round, services)
        : together,
    )
  }
  return turns
}

/**
 * The turn of all Secrets without a schedule of their own. If one has failed, all are looked at: somebody else may know newer values
 * of the others.
 */
function togetherTurn({ reading, state }: TurnRound): SecretTurn {
  if (reading === undefined || reading.fetchesAll) return { kind: 'fetch' }
  const scheduled = new Set(
    reading.request.sources
      .filter(({ schedule }) => schedule)
      .flatMap(({ secrets }) => secrets.map(({ name }) => name)),
  )
  const isFailing = reading.request.secrets.some(({ name }) => {
    const status = state.secrets.get(name)
    return !scheduled.has(name) && (status === undefined || status.failing !== undefined)
  })
  return { kind: isFailing ? 'retry' : 'rest' }
}

interface Scheduled {
  readonly name: string
  readonly source: Source
  readonly schedule: NonNullable<Source['schedule']>
  /** What the last round left. */
  readonly status: SecretStatus | undefined
}

async function scheduledTurn(
  { name, source, schedule, status }: Scheduled,
  round: TurnRound,
  { cluster, clock }: TurnServices,
): Promise<SecretTurn> {
  const time = { nowMs: clock.now(), wallMs: clock.wallTime() }
  const published = round.sources.statusOf(source.ref)
  const { attempt, last } = lastAttempt({ source, status, published }, { ...time, ...round })
  const dueIf = (secret: SecretState) => refreshDue(schedule, { last, secret, nowMs: time.wallMs })
  const isDeleted = published?.ready?.reason === deletedReason
  const isFailing = status?.failing !== undefined
  const lookedAtMs = status?.scheduled?.lookedAtMs
  const turn = (kind: SecretTurn['kind'], due: RefreshDecision, looked = true): SecretTurn => ({
    kind,
    scheduled: {
      attempt: kind === 'fetch' ? { source, atMs: time.nowMs } : attempt && { ...attempt, source },
      lookedAtMs: looked ? time.nowMs : lookedAtMs,
      nextAtMs: nextAtMs(kind, {
        due,
        schedule,
        lookedAtMs: looked ? undefined : lookedAtMs,
        wallMs: time.wallMs,
        clock,
      }),
    },
  })

  const look = async () => {
    const stored = await cluster.readSecret({ namespace: round.account.namespace, name })
    return dueIf(stateOf(stored, { ...round, isDeleted }))
  }
  const guess = dueIf(isDeleted ? 'deleted' : 'ours')
  // Whoever may write the status can forge this reason, which must not overwrite an existing Secret that is made once.
  const assumed = isDeleted && guess.action === 'fetch' ? await look() : guess
  if (assumed.action === 'fetch') return turn('fetch', assumed)
  // What failed is tried again until it works, whatever the schedule says. Only a Secret that is made once may not be overwritten.
  if (isFailing && assumed.why !== 'made once') return turn('retry', assumed)
  const isSettled = assumed.action === 'rest' && !isFailing
  if (isSettled && lookedAtMs !== undefined && time.nowMs - lookedAtMs < lookMs)
    return turn('rest', assumed, false)
  const due = await look()
  return turn(due.action === 'rest' && isFailing ? 'adopt' : due.action, due)
}

function stateOf(
  stored: StoredSecret | undefined,
  { account, isDeleted }: Pick<TurnRound, 'account'> & { readonly isDeleted: boolean },
): SecretState {
  if (stored === undefined) return isDeleted ? 'deleted' : 'missing'
  if (stored.isBeingDeleted) return 'missing'
  const isClaimed = ownershipOf(stored, account) === 'ours' && stored.unclaimedEntry === undefined
  return isClaimed ? 'ours' : 'other'
}

/** When a turn has to be decided again. Up to a tenth later, so that thousands of Secrets don't stay due at the same time. */
function nextAtMs(
  kind: SecretTurn['kind'],
  {
    due,
    schedule,
    lookedAtMs,
    wallMs,
    clock,
  }: Pick<Scheduled, 'schedule'> &
    Pick<TurnServices, 'clock'> & {
      readonly due: RefreshDecision
      readonly lookedAtMs: number | undefined
      readonly wallMs: number
    },
): number {
  const nowMs = clock.now()
  const isPeriodic = schedule.policy === 'Periodic' && schedule.intervalSeconds > 0
  const isRefreshed = kind === 'fetch' || kind === 'adopt'
  const intervalMs = isPeriodic ? schedule.intervalSeconds * 1000 : lookMs
  const waitMs = isRefreshed ? intervalMs : (due.nextAtMs ?? wallMs + lookMs) - wallMs
  const untilLookMs = (lookedAtMs ?? nowMs) + lookMs - nowMs
  const soonestMs = Math.max(0, Math.min(waitMs, untilLookMs))
  // A window may be short.
  const spreadMs =
    due.why === 'outside windows' ? maxWindowSpreadMs : Math.max(soonestMs, intervalMs) / 10
  return nowMs + soonestMs + Math.min(spreadMs, lookMs / 10) * clock.random()
}

const maxWindowSpreadMs = 10_000

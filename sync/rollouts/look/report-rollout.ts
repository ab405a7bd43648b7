import { toAkvError } from '../../../lib/errors/akv-error.ts'
import { isObstacle } from '../../../requests/rollouts/held-back.ts'
import type { RecordedWorkload } from '../../../requests/rollouts/record.ts'
import { type HeldReason, heldReasons } from '../../../requests/rollouts/rollout-names.ts'
import type { RolloutEvent } from '../cluster/rollout-port.ts'
import type { RolloutServices } from '../services/rollout-services.ts'
import { type RolledAccount, workloadTitle } from './rolled-account.ts'

type Reporting = Pick<RolloutServices, 'cluster' | 'events' | 'log'>

/** Writes an Event and a line of the log. An Event that can't be written stops nothing. */
export async function reportRollout(
  rolled: Pick<RolledAccount, 'account'>,
  event: RolloutEvent,
  { cluster, events, log }: Reporting,
): Promise<void> {
  const { namespace, name } = rolled.account
  const level = event.type === 'Normal' ? 'info' : 'warn'
  log[level](event.message, {
    account: `${namespace}/${name}`,
    workload: workloadTitle(event.object),
  })
  if (!events.take(rolled.account)) return
  try {
    await cluster.createEvent(event)
  } catch (thrown) {
    log.debug('an Event could not be written', { reason: toAkvError(thrown).message })
  }
}

/** Reasons that pass by themselves within minutes aren't worth an Event. */
const passing: readonly HeldReason[] = ['rolling', 'too-soon']
const refusals: readonly HeldReason[] = ['on-delete', 'refused']

/**
 * Records why old pods aren't replaced, or why something can never be rolled out, and reports each reason once.
 *
 * @param held - `detail`: what the API server said
 */
export async function noteHeld(
  rolled: RolledAccount,
  held: {
    readonly object: RolloutEvent['object']
    readonly why: HeldReason
    readonly detail?: string
  },
  services: Reporting,
): Promise<void> {
  const { object, why, detail } = held
  const { uid } = object
  const before = rolled.recorded.get(uid)
  if (before?.held?.why === why) return
  const sinceMs = services.cluster.serverTimeMs()
  rolled.recorded.set(uid, {
    ...(before ?? { begunMs: [] }),
    name: workloadTitle(object),
    held: { why, sinceMs },
  })
  if (passing.includes(why)) return
  const isNever = isObstacle(why)
  const summary = isNever ? 'can’t be rolled out' : 'not rolled out although an object has changed'
  const message = `${summary}: ${heldReasons[why]}${detail === undefined ? '' : `: ${detail}`}`
  const reason = isNever || refusals.includes(why) ? 'RolloutRefused' : 'RolloutHeldBack'
  await reportRollout(rolled, { object, type: 'Warning', reason, message }, services)
}

/** Nothing holds the workload back any more. */
export function noteFree(rolled: Pick<RolledAccount, 'recorded'>, uid: string): void {
  const before = rolled.recorded.get(uid)
  if (before?.held === undefined) return
  const { held: _, ...rest } = before
  if (isWorthKeeping(rest)) rolled.recorded.set(uid, rest)
  else rolled.recorded.delete(uid)
}

const isWorthKeeping = ({ throughMs, begunMs }: RecordedWorkload): boolean =>
  throughMs !== undefined || begunMs.length > 0

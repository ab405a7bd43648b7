import { toAkvError } from '../../lib/errors/akv-error.ts'
import type { AccountEntries } from '../account/account-entries.ts'
import { type AccountEntry, accountLog } from '../account/account-entry.ts'
import type { Namespaces } from '../namespace/namespaces.ts'
import { createRoundPace, type RoundPace } from '../pace/round-pace.ts'
import type { NextRun, Outlook } from '../queue/next-run.ts'
import { workOf } from '../queue/work.ts'
import type { QueueSlot, RunKey } from '../queue/work-queue.ts'
import type { RunRound } from '../round/round.ts'
import type { RoundServices } from '../round/services.ts'

interface Work extends Pick<RoundServices, 'outage' | 'pace' | 'log'> {
  readonly entries: Pick<AccountEntries, 'get'>
  readonly namespaces: Pick<Namespaces, 'work'>
  readonly runRound: RunRound
}

const afterMistakeMs = 5 * 60_000

/** Returns the function that runs a round of the namespace or of the account that a key of the work queue names. */
export function workRunner(work: Work): RunKey {
  const { outage, entries, namespaces } = work
  async function run(key: string, slot: QueueSlot): Promise<NextRun | undefined> {
    const due = workOf(key)
    if (due.kind === 'namespace') return await namespaces.work(due.namespace, slot)
    const entry = entries.get(due.namespace, due.name)
    return entry && (await runSafely(entry, { ...work, slot }))
  }
  return async (key, slot) => {
    const next = await run(key, slot)
    // A status or an Event may be missing, and no round reports that.
    return outage.isOn() ? { afterMs: 0, outlook: next?.outlook ?? 'good' } : next
  }
}

/** A bug that shows with one account must not stop the rounds of all others. */
async function runSafely(
  entry: AccountEntry,
  {
    runRound,
    slot,
    pace,
    log,
  }: Pick<Work, 'runRound' | 'pace' | 'log'> & { readonly slot: QueueSlot },
): Promise<NextRun | undefined> {
  const paced = createRoundPace(pace, { slot, onStop: () => entry.running?.abort() })
  try {
    const afterMs = await runRound(entry, paced)
    entry.outlook = outlookAfter(entry, paced)
    return afterMs === undefined ? undefined : { afterMs, outlook: entry.outlook }
  } catch (thrown) {
    const { code, message } = toAkvError(thrown)
    accountLog(log, entry.account).error(message, { code })
    return { afterMs: afterMistakeMs, outlook: 'failing' }
  }
}

const outlookAfter = ({ state }: AccountEntry, pace: RoundPace): Outlook =>
  pace.isSlow() ? 'slow' : state.failedRounds > 0 ? 'failing' : 'good'

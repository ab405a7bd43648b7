import { once } from 'node:events'
import { runAgent } from '../../../init-agent/agent.ts'
import { type Clock, systemClock } from '../../../lib/clock.ts'
import { type AkvError, toAkvError } from '../../../lib/errors/akv-error.ts'
import type { MemoryLog } from '../../support/memory-log.ts'
import { memoryStateLog } from './memory-state-log.ts'
import type { Pod } from './pod.ts'

/** Runs an agent to its end in this process, with this time. */
export async function runAgentOn(
  clock: Clock,
  { root, config }: Pod,
): Promise<{ readonly error: AkvError | undefined; readonly lines: MemoryLog['lines'] }> {
  const { stateLog, lines } = memoryStateLog()
  const { signal } = new AbortController()
  const error = await runAgent({ config, root, env: {}, stateLog, signal, clock }).then(
    () => undefined,
    toAkvError,
  )
  return { error, lines }
}

/** Time that never passes, so nothing comes too late, and nobody waits for a retry. */
export const stoppedClock: Clock = {
  ...systemClock,
  random: () => 0.5,
  async sleep(_, signal) {
    if (signal?.aborted) return
    await (signal ? once(signal, 'abort') : new Promise(() => undefined))
  },
}

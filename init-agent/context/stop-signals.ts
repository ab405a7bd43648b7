import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'

/** The signals that end the agent. The kubelet sends SIGTERM, and a terminal SIGINT. */
const stopSignals = ['SIGTERM', 'SIGINT'] as const
type StopSignal = (typeof stopSignals)[number]

/** Resolves with the signal that asks the agent to end. Call it once, before anything else handles signals. */
export async function stopSignal(): Promise<StopSignal> {
  return (
    missedSignal() ??
    (await Promise.race(stopSignals.map((name) => once(process, name).then(() => name))))
  )
}

/**
 * The signal that arrived while Node was starting. Node handles these signals from the first milliseconds on: its handler
 * removes itself and sends the signal again, which ends any process but the first one of a container. That one goes on, and
 * only the absence of the handler shows that a signal has arrived.
 */
function missedSignal(): StopSignal | undefined {
  if (process.pid !== 1) return undefined
  const handled = handledSignals()
  return stopSignals.find((name) => (handled & (1n << BigInt(constants.signals[name] - 1))) === 0n)
}

/** The set of signals that have a handler, as the kernel counts them (proc_pid_status): the first signal is bit 0. */
function handledSignals(): bigint {
  const [, digits] =
    /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return BigInt(`0x${digits ?? 'f'.repeat(16)}`)
}

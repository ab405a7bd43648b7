import { availableParallelism, loadavg } from 'node:os'

/** Tests with a command of their own (`.taprc`), which wait for a cluster or try inputs for as long as they are told. */
const patient = /\/test\/(cluster|fuzz|release\/slow)\//

/** How many times as long everything takes at the moment, by how many processes share a processor. */
export const slowness = (): number => Math.max(1, (loadavg()[0] ?? 0) / availableParallelism())

/**
 * Ends the process of a test file that has printed nothing for two minutes, long before tap would. tap then names the test
 * that hangs, and what Node still waits for.
 *
 * @param options - `factor`: how many times as long it may be quiet, so that a busy machine ends no test
 */
export function endHangs({ lookMs = 5_000, quietMs = 120_000, factor = slowness } = {}): void {
  if (process.env['TAP_TIMEOUT'] === '0' || patient.test(process.argv[1] ?? '')) return
  let quietForMs = 0
  let printedBytes = 0
  const look = () => {
    const isQuiet = process.stdout.bytesWritten === printedBytes
    printedBytes = process.stdout.bytesWritten
    quietForMs = isQuiet ? quietForMs + lookMs / factor() : 0
    if (quietForMs >= quietMs) process.kill(process.pid, 'SIGALRM')
  }
  setInterval(look, lookMs).unref()
}

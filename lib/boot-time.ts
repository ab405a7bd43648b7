import { readFileSync } from 'node:fs'

/** Reading the uptime takes some microseconds, and only a suspended machine makes it differ from the process's own time. */
const compareEveryMs = 1_000

/**
 * Returns a clock that counts the milliseconds since the machine started, including the time that it was suspended. It never
 * goes back. Processes of the same boot agree to within the precision of `readUptimeMs`.
 *
 * @param source - `elapsedMs`: Node's own monotonic time, which is precise but stands still while the machine is suspended;
 *   `readUptimeMs`: gives undefined if the machine doesn't say. The clock then counts from the start of the process.
 */
export function createBootTime(source: {
  readonly elapsedMs: () => number
  readonly readUptimeMs: () => number | undefined
}): () => number {
  let offsetMs = 0
  let compareAtMs = Number.NEGATIVE_INFINITY
  return () => {
    const elapsedMs = source.elapsedMs()
    if (elapsedMs >= compareAtMs) {
      compareAtMs = elapsedMs + compareEveryMs
      offsetMs = Math.max(offsetMs, (source.readUptimeMs() ?? 0) - elapsedMs)
    }
    return elapsedMs + offsetMs
  }
}

/** Linux' uptime, which `os.uptime` reads as well. Elsewhere, that function follows the wall clock. */
export function readUptimeMs(): number | undefined {
  const seconds = Number(readLine('/proc/uptime')?.split(' ', 1)[0])
  return Number.isFinite(seconds) ? seconds * 1000 : undefined
}

/** The kernel chooses another one at each start. */
export const readBootId = (): string | undefined =>
  readLine('/proc/sys/kernel/random/boot_id')?.trim() || undefined

function readLine(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

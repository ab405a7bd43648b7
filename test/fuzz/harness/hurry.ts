import { setPriority } from 'node:os'

/**
 * Lets a process, or this thread, go before everything else that runs on a busy machine. Only root may; for others
 * nothing changes.
 */
export function hurry(pid = 0): void {
  try {
    setPriority(pid, -10)
  } catch {}
}

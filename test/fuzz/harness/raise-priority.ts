import { setPriority } from 'node:os'

/**
 * Raises the scheduling priority of a process, or of this thread, so that it runs promptly on a busy machine. Only root
 * can do this; for other users nothing changes.
 */
export function raisePriority(pid = 0): void {
  try {
    setPriority(pid, -10)
  } catch {}
}

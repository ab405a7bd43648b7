import type { ChildProcess } from 'node:child_process'

/** Kills a process that was started with `detached`, and all processes that it has started. They may have ended. */
export function killGroup({ pid }: Pick<ChildProcess, 'pid'>): void {
  try {
    if (pid) process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

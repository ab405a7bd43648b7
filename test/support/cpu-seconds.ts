import { readFileSync } from 'node:fs'

/** Returns the CPU time that a process has used so far, in seconds. Linux only. */
export function cpuSeconds(pid: number | string): number {
  // Fields 14 and 15 of proc_pid_stat(5). The second field, a name in brackets, may contain blanks.
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const fields = rest.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** The kernel reports times to processes in this unit on every architecture (USER_HZ). */
const ticksPerSecond = 100

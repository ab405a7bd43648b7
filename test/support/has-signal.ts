import { readFileSync } from 'node:fs'
import { constants } from 'node:os'

/**
 * Whether Linux lists a signal in one of the sets of a process.
 *
 * @param set - as `/proc/PID/status` names it: signals that the process catches, that its first thread blocks, or that wait for
 *   the process because all of its threads block them
 */
export function hasSignal(
  { pid }: { readonly pid?: number | undefined },
  set: 'SigCgt' | 'SigBlk' | 'ShdPnd',
  signal: NodeJS.Signals,
): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const [, mask = '0'] = new RegExp(`^${set}:\\t([0-9a-f]+)$`, 'm').exec(status) ?? []
  return ((BigInt(`0x${mask}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n
}

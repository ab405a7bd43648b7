// Node loads it before the controller. It reports on request how the event loop did since the last request: to a message of
// its parent process, or to SIGUSR2 on the standard error stream.

import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface LoopReport {
  /** The longest that the event loop was late. On a busy machine, other processes are part of the reason. */
  readonly longestDelayMs: number
  /** The most CPU time that the main thread used between two turns of the event loop. */
  readonly longestBlockMs: number
  /** Of the process, since its start. */
  readonly cpuMs: number
  readonly peakBytes: number
}

const resolutionMs = 5
const delays = monitorEventLoopDelay({ resolution: resolutionMs })
delays.enable()

const threadMs = () => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
let lastMs = threadMs()
let longestBlockMs = 0
setInterval(() => {
  const nowMs = threadMs()
  longestBlockMs = Math.max(longestBlockMs, nowMs - lastMs)
  lastMs = nowMs
}, resolutionMs).unref()

function report(): LoopReport {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const found = {
    longestDelayMs: Math.max(0, delays.max / 1e6 - resolutionMs),
    longestBlockMs,
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    peakBytes: maxRSS * 1024,
  }
  delays.reset()
  longestBlockMs = 0
  return found
}
process.on('message', () => process.send?.(report()))
process.on('SIGUSR2', () => process.stderr.write(`${JSON.stringify(report())}\n`))
process.channel?.unref()

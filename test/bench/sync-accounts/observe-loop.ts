// Node loads it before the controller. It reports on request how the event loop did since the last request.

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

process.on('message', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const report: LoopReport = {
    longestDelayMs: Math.max(0, delays.max / 1e6 - resolutionMs),
    longestBlockMs,
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    peakBytes: maxRSS * 1024,
  }
  delays.reset()
  longestBlockMs = 0
  process.send?.(report)
})
process.channel?.unref()

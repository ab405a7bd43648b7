import { printableJson } from '../json/printable-json.ts'
import { type LogLevel, logLevels } from './log-level.ts'

/** Fields of a line in addition to its message. Never the value of a secret, its length or hash, or a token. */
export type LogDetails = Readonly<Record<string, unknown>>

export type Log = Readonly<Record<LogLevel, (message: string, details?: LogDetails) => void>>

/**
 * Logs one JSON object per line: `time`, `level`, `message`, then the details. Lines go to standard output by default.
 */
export function createLog(options: {
  /** Lines below this level are left out. */
  readonly level: LogLevel
  readonly write?: (line: string) => void
  readonly now?: () => number
}): Log {
  const { level: lowest, write = writeToStdout, now = Date.now } = options
  const logAt =
    (level: LogLevel) =>
    (message: string, details: LogDetails = {}) => {
      if (logLevels.indexOf(level) < logLevels.indexOf(lowest)) return
      const time = new Date(now()).toISOString()
      write(`${printableJson(JSON.stringify({ time, level, message, ...details }))}\n`)
    }
  return {
    debug: logAt('debug'),
    info: logAt('info'),
    warn: logAt('warn'),
    error: logAt('error'),
  }
}

export const writeToStdout = (line: string): void => {
  process.stdout.write(line)
}

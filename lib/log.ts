import { type LogLevel, logLevels } from './log-level.ts'

/** What a line may hold beside its message. Never a value of a secret, its length or hash, or a token. */
export type LogDetails = Readonly<Record<string, unknown>>

export type Log = Readonly<Record<LogLevel, (message: string, details?: LogDetails) => void>>

/** Logs one JSON object a line: `time`, `level`, `message`, then the details. */
export function createLog(options: {
  readonly level: LogLevel
  readonly write: (line: string) => void
  readonly now: () => number
}): Log {
  const logAt =
    (level: LogLevel) =>
    (message: string, details: LogDetails = {}) => {
      if (logLevels.indexOf(level) < logLevels.indexOf(options.level)) return
      const time = new Date(options.now()).toISOString()
      options.write(`${JSON.stringify({ time, level, message, ...details })}\n`)
    }
  return {
    debug: logAt('debug'),
    info: logAt('info'),
    warn: logAt('warn'),
    error: logAt('error'),
  }
}

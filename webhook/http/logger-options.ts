import type { LogLevel } from '../../lib/log-level.ts'

export interface LogOptions {
  readonly level: LogLevel
  /** Where the lines go; standard output unless given. */
  readonly stream?: { write(line: string): void } | undefined
}

/** JSON lines with the keys that the agent's have too: `time`, `level`, `message`. */
export const loggerOptions = ({ level, stream }: LogOptions) => ({
  level,
  ...(stream && { stream }),
  // Process id and host name: Kubernetes knows which pod a line is from.
  base: null,
  messageKey: 'message',
  timestamp: () => `,"time":"${new Date().toISOString()}"`,
  formatters: { level: (label: string) => ({ level: label }) },
})

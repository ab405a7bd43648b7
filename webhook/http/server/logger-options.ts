import { printableJson } from '../../../lib/json/printable-json.ts'
import type { LogLevel } from '../../../lib/log/log-level.ts'

export interface LogOptions {
  readonly level: LogLevel
  /** The destination of log lines. Default: standard output. */
  readonly stream?: { write(line: string): void } | undefined
}

/** Fastify logs with pino. These options give its lines the shape of {@link createLog}'s: `time`, `level`, `message`. */
export const loggerOptions = ({ level, stream }: LogOptions) => ({
  level,
  ...(stream && { stream }),
  // No process ID and host name, because Kubernetes knows which pod a line is from.
  base: null,
  messageKey: 'message',
  timestamp: () => `,"time":"${new Date().toISOString()}"`,
  formatters: { level: (label: string) => ({ level: label }) },
  hooks: { streamWrite: printableJson },
})

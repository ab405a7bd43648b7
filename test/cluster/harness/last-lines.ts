import { readFileSync } from 'node:fs'

/** Returns the last ten lines of a log file. */
export const lastLines = (logFile: string): string =>
  readFileSync(logFile, 'utf8').trim().split('\n').slice(-10).join('\n')

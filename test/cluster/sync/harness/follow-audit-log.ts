import { createReadStream, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Follows the audit log of a local API server.
 *
 * @param options.from - whether the first call gives what is there already
 * @returns a function that gives the lines since its last call
 */
export function followAuditLog(
  auditLogFile: string,
  { from }: { readonly from: 'start' | 'end' },
): () => AsyncGenerator<string> {
  let read = from === 'start' ? 0 : sizeOf(logFiles(auditLogFile))
  let rest = ''
  return async function* newLines() {
    for await (const chunk of logFrom(auditLogFile, read)) {
      read += chunk.length
      // A line may have been written in part, and what is read of it is ASCII.
      const lines = (rest + chunk.toString('latin1')).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  }
}

/** The API server renames the log when it has 100 MB, and begins another. */
function logFiles(auditLogFile: string): readonly string[] {
  const folder = dirname(auditLogFile)
  const earlier = readdirSync(folder).filter((name) => /^audit-.*\.log$/.test(name))
  return [...earlier.sort().map((name) => join(folder, name)), auditLogFile]
}

const sizeOf = (files: readonly string[]): number =>
  files.reduce((sum, file) => sum + statSync(file).size, 0)

/** @param start - of all files together */
async function* logFrom(auditLogFile: string, start: number): AsyncIterable<Buffer> {
  let before = 0
  for (const file of logFiles(auditLogFile)) {
    const { size } = statSync(file)
    const from = Math.max(0, start - before)
    before += size
    if (from < size) yield* createReadStream(file, { start: from, end: size - 1 })
  }
}

import { chmodSync, existsSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freshMark, staleMark } from '../../delivery/contract.ts'

export interface Freshness {
  /** When all content was last known to match the vaults, in milliseconds since 1970. */
  readonly freshAtMs: number
  /** Whether the pod is to be ready. */
  readonly isReady: boolean
}

/**
 * Opens an empty file in a volume, which outlives the agent's process. Its time of modification is `freshAtMs`. Its name says
 * whether the pod is to be ready: the readiness probe looks for {@link freshMark}.
 */
export function openFreshMark(folder: string) {
  const fresh = join(folder, freshMark)
  const stale = join(folder, staleMark)
  return {
    /** Undefined if there is no file yet. */
    read(): Freshness | undefined {
      const freshAtMs = timeOf(fresh)
      const staleAtMs = timeOf(stale)
      if (freshAtMs !== undefined) return { freshAtMs, isReady: true }
      return staleAtMs === undefined ? undefined : { freshAtMs: staleAtMs, isReady: false }
    },
    /** Throws an error if the file can't be written. */
    set({ freshAtMs, isReady }: Freshness) {
      const [path, other] = isReady ? [fresh, stale] : [stale, fresh]
      if (existsSync(other)) renameSync(other, path)
      else if (!existsSync(path)) {
        writeFileSync(path, '')
        // The umask would take bits from a mode that the file is opened with.
        chmodSync(path, 0o444)
      }
      utimesSync(path, freshAtMs / 1000, freshAtMs / 1000)
    },
  }
}

const timeOf = (path: string): number | undefined =>
  statSync(path, { throwIfNoEntry: false })?.mtimeMs

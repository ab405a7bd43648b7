import {
  closeSync,
  existsSync,
  fchmodSync,
  ftruncateSync,
  futimesSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { freshMark, staleMark } from '../../delivery/contract.ts'
import { checkBootTime, checkTime, type HandedTime } from '../../lib/handed-time.ts'
import { matches, object, optional } from '../../lib/shape.ts'
import { readSmallFile } from './read-small-file.ts'

interface Freshness {
  /** When all content was last known to match the vaults. */
  readonly freshAt: HandedTime
  /** Whether the pod is to be ready. */
  readonly isReady: boolean
}

/** More than the content takes. */
const maxBytes = 256

/** File systems round times. */
const sameTimeMs = 10

/**
 * Opens a file in a volume that outlives the agent's process. Its name says whether the pod is to be ready: the readiness probe
 * looks for {@link freshMark}. Its time of modification is the wall time of `freshAt`, and its content is `freshAt` with its boot
 * time. Older versions know only the time of modification.
 */
export function openFreshMark(folder: string) {
  const fresh = join(folder, freshMark)
  const stale = join(folder, staleMark)
  return {
    /** Undefined if there is no file yet. */
    read(): Freshness | undefined {
      const freshAt = timeOf(fresh)
      if (freshAt !== undefined) return { freshAt, isReady: true }
      const staleAt = timeOf(stale)
      return staleAt === undefined ? undefined : { freshAt: staleAt, isReady: false }
    },
    /** Throws an error if the file can't be written. */
    set({ freshAt, isReady }: Freshness) {
      const [path, other] = isReady ? [fresh, stale] : [stale, fresh]
      if (existsSync(other)) renameSync(other, path)
      replaceMark(path, freshAt)
    },
  }
}

/** The path never disappears: a readiness probe may look at any time. */
function replaceMark(path: string, freshAt: HandedTime): void {
  const next = `${path}_tmp`
  rmSync(next, { force: true })
  const descriptor = openSync(next, 'wx')
  try {
    writeIfRoom(descriptor, JSON.stringify(freshAt))
    // The umask would take bits from a mode that the file is opened with.
    fchmodSync(descriptor, 0o444)
    futimesSync(descriptor, freshAt.wallMs / 1000, freshAt.wallMs / 1000)
  } finally {
    closeSync(descriptor)
  }
  renameSync(next, path)
}

/** A full volume has room for an empty file, and the time of modification says enough. */
function writeIfRoom(descriptor: number, text: string): void {
  try {
    writeSync(descriptor, text)
  } catch {
    ftruncateSync(descriptor)
  }
}

function timeOf(path: string): HandedTime | undefined {
  const wallMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs
  if (wallMs === undefined) return undefined
  const written = contentOf(path)
  // An older version changes only the time of modification.
  const isCurrent = written !== undefined && Math.abs(written.wallMs - wallMs) <= sameTimeMs
  return isCurrent ? written : { wallMs }
}

function contentOf(path: string): HandedTime | undefined {
  try {
    const written: unknown = JSON.parse(readSmallFile(path, maxBytes) ?? '')
    return matches(content, written) ? written : undefined
  } catch {
    return undefined
  }
}

const content = object({ wallMs: checkTime, boot: optional(checkBootTime) })

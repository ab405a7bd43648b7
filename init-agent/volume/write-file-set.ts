import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { currentSetLink } from '../../delivery/contract.ts'
import type { FileSet } from '../../delivery/projection/file-set.ts'
import { pathProblem } from '../../delivery/target-path.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import { printable } from '../../lib/printable.ts'
import { currentFolder, linkTarget, nextLink, readFileSet, sweepFileSets } from './read-file-set.ts'

/** The volume holds the old and the new set during a switch, and their folders. */
const largestShare = 0.45

/** A set that is written, but that readers don't see yet. */
export interface PreparedSet {
  /** Whether readers will see a change. */
  readonly isChange: boolean
  /** Makes the set visible in one step. */
  commit(): void
  /** Removes the set, unless it is visible already. */
  discard(): void
}

/**
 * Writes a set beside the current one. Readers don't see it before {@link PreparedSet.commit}. If the paths, bytes and
 * modes are the same as now, nothing is written. Removes the previous set and the leftovers of a killed agent first.
 *
 * @param volume - an existing folder that only the agent writes to
 * @throws AkvError; the current set is then unchanged
 */
export function prepareFileSet(volume: string, files: FileSet): PreparedSet {
  const problem = pathProblem([...files.keys()])
  if (problem !== undefined) throw new AkvError('AKV_CONFIG_INVALID', `the path ${problem}`)
  const names = new Set([...files.keys()].map((path) => path.split('/', 1)[0] ?? path))
  return translateErrors(volume, () => {
    refuseForeign(volume, names)
    sweepFileSets(volume)
    const current = readFileSet(volume)?.files
    if (current && isEqual(current, files))
      return { isChange: false, commit: () => showNames(volume, names), discard: () => undefined }
    checkSize(volume, files)
    const folder = writeFolder(volume, files)
    return {
      isChange: true,
      commit: () =>
        translateErrors(volume, () => switchTo({ volume, folder, names, current, files })),
      discard() {
        if (currentFolder(volume) !== folder)
          rmSync(join(volume, folder), { recursive: true, force: true })
      },
    }
  })
}

/** Throws if a name that the set needs at the top of the volume is taken by something that the agent didn't write. */
function refuseForeign(volume: string, names: ReadonlySet<string>): void {
  const link = join(volume, currentSetLink)
  const isForeign = (name: string) =>
    exists(join(volume, name)) && linkTarget(join(volume, name)) !== visibleTarget(name)
  const foreign = [...names].find(isForeign)
  const inTheWay =
    foreign ?? (exists(link) && currentFolder(volume) === undefined ? currentSetLink : undefined)
  if (inTheWay !== undefined)
    throw new AkvError(
      'AKV_FILE_IN_THE_WAY',
      `${printable(join(volume, inTheWay), 300)} exists already and was not created by the agent`,
    )
}

/** Counts whole pages, as tmpfs does, so that the message doesn't reveal the length of a value. */
function checkSize(volume: string, files: FileSet): void {
  const { bsize, blocks } = statfsSync(volume)
  const pages = (bytes: number) => Math.ceil(bytes / bsize) * bsize
  const needed = [...files.values()].reduce((sum, { bytes }) => sum + pages(bytes.length), 0)
  const room = Math.floor(bsize * blocks * largestShare)
  // A tmpfs without a limit reports 0 blocks.
  if (blocks === 0 || needed <= room) return
  throw new AkvError(
    'AKV_SET_TOO_LARGE',
    `${volume} has room for ${Math.floor(room / 1024)} KiB of files; these need ${Math.ceil(needed / 1024)} KiB`,
  )
}

function writeFolder(volume: string, files: FileSet): string {
  const time = new Date().toISOString().slice(0, 19).replace(/[-T:]/g, '_')
  const folder = `..${time}.${randomBytes(4).toString('hex')}`
  try {
    makeFolder(join(volume, folder))
    for (const [path, { bytes, mode }] of files) {
      const file = join(volume, folder, path)
      makeFolders(join(volume, folder), dirname(path))
      const descriptor = openSync(file, 'wx', mode)
      try {
        writeFileSync(descriptor, bytes)
        fchmodSync(descriptor, mode)
      } finally {
        closeSync(descriptor)
      }
    }
    return folder
  } catch (error) {
    rmSync(join(volume, folder), { recursive: true, force: true })
    throw error
  }
}

function makeFolders(base: string, path: string): void {
  if (path === '.' || exists(join(base, path))) return
  makeFolders(base, dirname(path))
  makeFolder(join(base, path))
}

/** With `fsGroup` the volume is setgid, and group ownership is inherited through that bit: it must survive. */
function makeFolder(path: string): void {
  mkdirSync(path)
  chmodSync(path, (statSync(path).mode & 0o2000) | 0o755)
}

/**
 * The order lets every reader see either the old set or the new one:
 * 1. Add links for names that are new. Until step 2 they dangle, so the names still look absent.
 * 2. Replace `..data` by a rename, which switches the whole set.
 * 3. Remove the links that lead nowhere now.
 * 4. Keep the old folder until the next refresh, for a reader that is inside it; but remove it at once if a file was
 *    removed.
 */
function switchTo(change: {
  readonly volume: string
  readonly folder: string
  readonly names: ReadonlySet<string>
  readonly current: FileSet | undefined
  readonly files: FileSet
}): void {
  const { volume, folder, names, current, files } = change
  addLinks(volume, names)
  symlinkSync(folder, nextLink(volume))
  renameSync(nextLink(volume), join(volume, currentSetLink))
  removeLinks(volume, names)
  const hasLost = [...(current?.keys() ?? [])].some((path) => !files.has(path))
  if (hasLost) sweepFileSets(volume)
}

/** Repeats steps 1 and 3 for the current set: an agent may have been killed between them. */
function showNames(volume: string, names: ReadonlySet<string>): void {
  translateErrors(volume, () => {
    addLinks(volume, names)
    removeLinks(volume, names)
  })
}

function addLinks(volume: string, names: ReadonlySet<string>): void {
  for (const name of names)
    if (!exists(join(volume, name))) symlinkSync(visibleTarget(name), join(volume, name))
}

function removeLinks(volume: string, names: ReadonlySet<string>): void {
  for (const name of readdirSync(volume))
    if (!names.has(name) && linkTarget(join(volume, name)) === visibleTarget(name))
      unlinkSync(join(volume, name))
}

const visibleTarget = (name: string): string => `${currentSetLink}/${name}`

function isEqual(current: FileSet, files: FileSet): boolean {
  if (current.size !== files.size) return false
  return [...files].every(([path, { bytes, mode }]) => {
    const there = current.get(path)
    return there !== undefined && there.mode === mode && Buffer.compare(there.bytes, bytes) === 0
  })
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Makes an AkvError of an error of the file system. */
export function translateErrors<T>(volume: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof AkvError || !(error instanceof Error)) throw error
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
    const isFull = code === 'ENOSPC' || code === 'EDQUOT'
    throw new AkvError(
      isFull ? 'AKV_VOLUME_FULL' : 'AKV_WRITE_FAILED',
      `${volume} could not be written (${code})`,
    )
  }
}

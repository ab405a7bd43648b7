import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { currentSetLink } from '../../delivery/contract.ts'
import type { FileSet, SetFile } from '../../delivery/projection/file-set.ts'

/**
 * A volume holds one current set of files, in the kubelet's own layout for projected volumes:
 *
 *     ..2026_07_01_10_00_00.5f3a9c01/   one set, never changed once it is current
 *     ..data -> ..2026_07_01_10_00_00.5f3a9c01
 *     tls.crt -> ..data/tls.crt         one link for each top-level name
 *
 * Everything is synchronous: sets are small and in memory, and no signal can interrupt a change.
 */

interface CurrentSet {
  readonly files: FileSet
  /** When the set was written, in milliseconds since 1970. */
  readonly writtenAtMs: number
}

/** Gives the set that readers see. Gives undefined if the volume is empty, or if something else wrote to it. */
export function readFileSet(volume: string): CurrentSet | undefined {
  const name = currentFolder(volume)
  if (name === undefined) return undefined
  const folder = join(volume, name)
  const files = new Map<string, SetFile>()
  try {
    collect(folder, '', files)
    return { files, writtenAtMs: lstatSync(folder).mtimeMs }
  } catch {
    return undefined
  }
}

function collect(folder: string, prefix: string, files: Map<string, SetFile>): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) collect(path, `${prefix}${entry.name}/`, files)
    else if (entry.isFile())
      files.set(`${prefix}${entry.name}`, {
        bytes: readFileSync(path),
        mode: lstatSync(path).mode & 0o7777,
      })
    else throw new Error('a set holds files and folders only')
  }
}

/** The name of the folder that `..data` links to, or undefined if the agent didn't write it. */
export function currentFolder(volume: string): string | undefined {
  const target = linkTarget(join(volume, currentSetLink))
  return target !== undefined && isSetFolder(target) ? target : undefined
}

/** The link that is about to replace the current one. */
export const nextLink = (volume: string): string => join(volume, `${currentSetLink}_tmp`)

/**
 * Removes every set but the current one: the previous set, and one that a killed agent didn't finish. Also removes the
 * link of a switch that it didn't finish.
 */
export function sweepFileSets(volume: string): void {
  const current = currentFolder(volume)
  if (linkTarget(nextLink(volume)) !== undefined) unlinkSync(nextLink(volume))
  for (const name of readdirSync(volume))
    if (isSetFolder(name) && name !== current)
      rmSync(join(volume, name), { recursive: true, force: true })
}

/** Whether `prepareFileSet` makes such names. Other names that start with `..` aren't ours to remove. */
const isSetFolder = (name: string): boolean => /^\.\.\d{4}(_\d\d){5}\.[0-9a-f]{8}$/.test(name)

/** The target of a symbolic link, or undefined if the path isn't one. */
export function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

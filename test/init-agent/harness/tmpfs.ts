/** A tmpfs of a test's own, as a pod's volume is one. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { without } from '../../support/needs/without.ts'

/** For tap's `skip`: false where this machine lets us mount, else why such a test can't be run here. */
export function cannotMount(): false | string {
  return without('mount')
}

/** @param options - mount's, as `size=128k` */
export function makeTmpfs(t: Test, options: string, volume = freshFolder()): string {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', volume])
  if (mounted.status !== 0) throw new Error(String(mounted.stderr))
  t.teardown(() => {
    spawnSync('umount', ['--lazy', volume])
    rmSync(volume, { recursive: true, force: true })
  })
  return volume
}

/** Puts a file system in the place of a folder, by a link: the test's folder is removed before the file system is. */
export function mountAt(path: string, fileSystem: string): void {
  rmSync(path, { recursive: true })
  symlinkSync(fileSystem, path)
}

export const makeReadOnly = (volume: string): void => remount(volume, 'ro')
export const makeWritable = (volume: string): void => remount(volume, 'rw')

function remount(volume: string, access: 'ro' | 'rw'): void {
  const mounted = spawnSync('mount', ['-o', `remount,${access}`, volume])
  if (mounted.status !== 0) throw new Error(String(mounted.stderr))
}

const freshFolder = (): string => mkdtempSync(join(tmpdir(), 'akv-tmpfs-'))

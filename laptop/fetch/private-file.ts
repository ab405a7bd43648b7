import { randomBytes } from 'node:crypto'
import { accessSync, constants, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { InputError } from '../../command/input-error.ts'

/**
 * Checks whether {@link writePrivateFile} could write there, without writing anything.
 *
 * @throws InputError when the path isn't a regular file, which writing would replace
 */
export function checkPrivateFile(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found !== undefined && !found.isFile())
    throw new InputError(
      `${path}: is ${found.isSymbolicLink() ? 'a symbolic link' : 'not a file'}; name a file to write or to replace`,
    )
  accessSync(dirname(path), constants.W_OK)
}

/**
 * Writes a file that only its owner can read. Replaces an existing file instead of changing it: the old mode is lost, and
 * processes that have the old file open don't see the new content.
 */
export function writePrivateFile(path: string, content: Uint8Array): void {
  const beside = `${path}.${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(beside, content, { flag: 'wx', mode: 0o600 })
    renameSync(beside, path)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

import { randomBytes } from 'node:crypto'
import { accessSync, constants, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { InputError } from '../input/input-error.ts'

/**
 * Looks whether {@link writePrivateFile} could write there, without writing anything.
 *
 * @throws InputError when something other than a file has this name; it would be replaced
 */
export function checkPrivateFile(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found !== undefined && !found.isFile())
    throw new InputError(
      `${path}: ${found.isSymbolicLink() ? 'this is a symbolic link' : 'this is not a file'}; name a file to write, or to replace`,
    )
  accessSync(dirname(path), constants.W_OK)
}

/**
 * Writes a file that its owner alone can read. A file that is there is replaced as a whole: its mode isn't kept, and who
 * has it open sees nothing of the new content.
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

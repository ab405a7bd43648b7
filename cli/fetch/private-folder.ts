import { mkdirSync, realpathSync, statSync } from 'node:fs'
import { InputError } from '../input/input-error.ts'

/** Group and others, to read, write or enter. */
const sharedBits = 0o077

/**
 * The folder that secrets are written to: made for its owner alone, or already so. Files in it may be readable by
 * everybody, as they are in a pod, so this folder is what keeps other users out.
 *
 * @returns its path without symbolic links, so that a link which is changed later leads nowhere else
 * @throws InputError when other users may reach what is in it
 */
export function openPrivateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const folder = realpathSync(path)
  const { mode, uid } = statSync(folder)
  if (process.platform === 'win32') return folder
  if (uid !== process.geteuid?.())
    throw new InputError(
      `${path}: this folder belongs to another user, who could read the secrets; name a new folder`,
    )
  if ((mode & sharedBits) !== 0)
    throw new InputError(
      `${path}: other users may enter this folder (mode ${(mode & 0o7777).toString(8).padStart(4, '0')}) and could read the secrets; name a new folder, or run chmod 700 first`,
    )
  return folder
}

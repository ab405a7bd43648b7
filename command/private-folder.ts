import { mkdirSync, realpathSync, statSync } from 'node:fs'
import { InputError } from './input-error.ts'

/** The permission bits of the group and of others. */
const sharedBits = 0o077

/**
 * Creates the folder for the secrets with mode 0700, or checks that an existing one gives other users no access. The files
 * in it may be readable by everybody, as they are in a pod, so only the folder keeps other users out.
 *
 * @returns its path without symbolic links, so that changing a link later has no effect
 * @throws InputError when other users have access to the folder
 */
export function openPrivateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const folder = realpathSync(path)
  const { mode, uid } = statSync(folder)
  if (process.platform === 'win32') return folder
  if (uid !== process.geteuid?.())
    throw new InputError(
      `${path}: belongs to another user, who could read the secrets; name a new folder`,
    )
  if ((mode & sharedBits) !== 0)
    throw new InputError(
      `${path}: is open to other users (mode ${(mode & 0o7777).toString(8).padStart(4, '0')}), who could read the secrets; name a new folder, or run chmod 700 first`,
    )
  return folder
}

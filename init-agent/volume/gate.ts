import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { envFolder, gateFileName, gateVariable } from '../../delivery/contract.ts'
import { renderEnvFile } from './env-file.ts'

/** Only the kubelet reads it, as root. */
const mode = 0o400

/**
 * The file that the kubelet needs before it creates a container after the agent. Only the agent mounts its volume. The process
 * that waits imports this, so it imports next to nothing.
 *
 * @param root - the folder that contains the mounts
 */
export function gateOf(root: string) {
  const volume = join(root, envFolder)
  const path = join(volume, gateFileName)
  const next = `${path}_tmp`
  return {
    /** The folder that the file is in. */
    volume,
    /**
     * Creates the file, without the variable. If the file is missing, the kubelet only says that it can't parse it. A file of
     * an earlier run stays: what has started can be restarted at any time. Throws an error of the file system.
     */
    prepare(): void {
      if (!existsSync(path)) writeFileSync(path, '', { mode })
    },
    /**
     * Lets the containers start, by a rename: the kubelet never reads a part of the file. Does nothing if it is open. Throws
     * an error of the file system.
     */
    open(): void {
      if (statSync(path, { throwIfNoEntry: false })?.size) return
      // A killed agent may have left one, which only root could write to.
      rmSync(next, { force: true })
      writeFileSync(next, renderEnvFile(new Map([[gateVariable, Buffer.from('true')]])), { mode })
      renameSync(next, path)
    },
  }
}

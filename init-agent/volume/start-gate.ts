import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { envFolder, startGateFileName, startGateVariable } from '../../delivery/contract.ts'
import { renderEnvFile } from './env-file.ts'
import { translateErrors } from './write-file-set.ts'

/** Only the kubelet reads it, as root. */
const mode = 0o400

/**
 * Creates the file that the kubelet needs before it creates a container after the agent, without the variable. For a missing file,
 * the kubelet's message says only that it couldn't be parsed. A file of an earlier run stays, so that containers that have
 * started can be restarted at any time.
 *
 * @param root - the folder that contains the mounts. Only the agent mounts this one.
 * @throws AkvError
 */
export function prepareStartGate(root: string): void {
  const volume = join(root, envFolder)
  const path = join(volume, startGateFileName)
  translateErrors(volume, () => {
    if (!existsSync(path)) writeFileSync(path, '', { mode })
  })
}

/**
 * Lets the containers start, by a rename: the kubelet never reads a part of the file. Does nothing if the start gate is open.
 *
 * @throws AkvError
 */
export function openStartGate(root: string): void {
  const volume = join(root, envFolder)
  const path = join(volume, startGateFileName)
  const next = `${path}_tmp`
  translateErrors(volume, () => {
    if (statSync(path, { throwIfNoEntry: false })?.size) return
    // A killed agent may have left one, which only root could write to.
    rmSync(next, { force: true })
    writeFileSync(next, renderEnvFile(new Map([[startGateVariable, Buffer.from('true')]])), {
      mode,
    })
    renameSync(next, path)
  })
}

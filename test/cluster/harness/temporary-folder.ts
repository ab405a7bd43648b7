import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TemporaryFolder {
  readonly path: string
  remove(): void
}

/**
 * Creates a folder that is removed when this process ends, for whatever reason. If this process is killed, the folder
 * stays for 12 seconds, so that the programs that write to it can end first.
 */
export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'akv-injector-cluster-'))
  const shell = spawn('/bin/sh', ['-c', 'read -r _; sleep 12; rm -rf -- "$0"', path], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  shell.unref()
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true })
      shell.kill()
    },
  }
}

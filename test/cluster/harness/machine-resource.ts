import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

export interface MachineResourceOptions {
  /** A shell script. Its standard output becomes {@link MachineResource.output}. */
  readonly create: string
  /** A shell script that removes the resource, even if only a part of it was created. */
  readonly remove: string
}

/** Something on this machine, such as a bridge, that is removed when this process ends, for whatever reason. */
export interface MachineResource {
  readonly output: string
  remove(): Promise<void>
}

/**
 * Creates something by a shell script. The same shell removes it when our end of a pipe closes, which the kernel does
 * even if this process is killed.
 *
 * @throws Error with the output of `create` on standard error if it fails, after removing what it created
 */
export async function createMachineResource(
  options: MachineResourceOptions,
): Promise<MachineResource> {
  const script = `
remove() {
:
${options.remove}
}
trap 'set +e; remove >/dev/null 2>&1' EXIT
set -e
${options.create}
echo; echo
exec >&-
read -r _ || :`
  const shell = spawn('/bin/sh', ['-c', script], { stdio: 'pipe', detached: true })
  const ended = once(shell, 'close')
  const complaint = text(shell.stderr)
  const output = await text(shell.stdout)
  // The script closes its output after an empty line, and only if everything was created.
  if (!output.endsWith('\n\n')) {
    await ended
    throw new Error(`a shell script of the cluster tests failed: ${(await complaint).trim()}`)
  }
  return {
    output: output.trim(),
    async remove() {
      shell.stdin.end()
      await ended
    },
  }
}

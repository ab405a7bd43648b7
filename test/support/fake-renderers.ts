import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface FakeRenderers {
  /** The folder of the programs, for PATH. */
  readonly path: string
  /** The arguments of each run, after the program's name. */
  runs(): readonly (readonly string[])[]
  /** The variables of the last run. */
  variables(): Readonly<Record<string, string>>
}

/** Prints what the file `rendered.txt` of the folder has, which is the second argument. */
const printsRendered = '/bin/cat "$2/rendered.txt"'

/**
 * Writes programs that stand in for `kustomize`, `kubectl` or `helm`, and record how they are run.
 *
 * @param folder - an empty folder
 * @param scripts - for each program what it does, as lines of a shell. By default, each prints the file `rendered.txt` of the folder
 *   that it's to render
 */
export function writeFakeRenderers(
  folder: string,
  scripts: Readonly<Record<string, string>>,
): FakeRenderers {
  const path = join(folder, 'fake programs')
  const [log, variables] = [join(folder, 'runs'), join(folder, 'variables')]
  mkdirSync(path)
  for (const [name, script] of Object.entries(scripts)) {
    const lines = [
      '#!/bin/sh',
      // Two run at a time, so each writes at once.
      `/usr/bin/env -0 >'${variables}'.$$; /bin/mv '${variables}'.$$ '${variables}'`,
      `printf '%s\\0' ${name} "$@" '' >>'${log}'`,
      script === '' ? printsRendered : script,
    ]
    writeFileSync(join(path, name), `${lines.join('\n')}\n`)
    chmodSync(join(path, name), 0o755)
  }
  const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '')
  return {
    path,
    runs: () =>
      read(log)
        .split('\0\0')
        .filter(Boolean)
        .map((run) => run.split('\0')),
    variables: () =>
      Object.fromEntries(
        read(variables)
          .split('\0')
          .filter(Boolean)
          .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      ),
  }
}

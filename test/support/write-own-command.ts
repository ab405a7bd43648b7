import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const main = join(import.meta.dirname, '../../cli/main.ts')

/** Writes the program `akv-injector` to a folder for PATH. It runs the sources, as the installed package would run its bundle. */
export const writeOwnCommand = (folder: string): void =>
  writeFileSync(
    join(folder, 'akv-injector'),
    `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`,
    { mode: 0o755 },
  )

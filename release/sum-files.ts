import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The SHA-256 of each file in a folder, in the form that `sha256sum --check` reads. */
export function sumFiles(folder: string): string {
  const lines = readdirSync(folder)
    .sort()
    .map((name) => `${sha256(join(folder, name))}  ${name}\n`)
  return lines.join('')
}

/** The SHA-256 of a file, in hexadecimal digits. */
export const sha256 = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex')

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')

/** Writes pictures to their paths in this project. */
export function writePictures(pictures: Readonly<Record<string, string>>): void {
  for (const [path, svg] of Object.entries(pictures)) writeFileSync(join(root, path), svg)
}

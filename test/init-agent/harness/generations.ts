/** Sets of files that show whether they belong together and are complete. */

import type { FileSet } from '../../../delivery/projection/file-set.ts'
import { readFileSet } from '../../../init-agent/volume/read-file-set.ts'

/** The names differ from one generation to the next, so that links come and go too. */
export function generationFiles(generation: number): FileSet {
  const file = (text: string) => ({ bytes: Buffer.from(text), mode: 0o444 })
  const value = `${generation} `.repeat(2000)
  return new Map([
    ['number', file(String(generation))],
    ['a', file(value)],
    ['folder/b', file(value)],
    [`only-${generation % 3}`, file(value)],
  ])
}

/** What is wrong with the volume's current set, or nothing. */
export function generationProblem(volume: string): string | undefined {
  const files = readFileSet(volume)?.files
  if (!files) return 'there is no set'
  const generation = Number(Buffer.from(files.get('number')?.bytes ?? []).toString())
  const expected = generationFiles(generation)
  if (files.size !== expected.size) return `it has ${[...files.keys()]}`
  const wrong = [...expected].find(
    ([path, { bytes, mode }]) =>
      !files.has(path) ||
      files.get(path)?.mode !== mode ||
      Buffer.compare(files.get(path)?.bytes ?? Buffer.of(), bytes) !== 0,
  )
  return wrong && `${wrong[0]} is not of generation ${generation}`
}

import { dirname } from 'node:path'
import { cached } from '../../../lib/cached.ts'

/** Lists a folder and its parents, the nearest first. */
export const foldersFrom = cached((folder: string): readonly string[] => {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...foldersFrom(parent)]
})

import { statSync } from 'node:fs'

/** Whether a path leads to a regular file. Reading a pipe or a device might never end. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

import { lstatSync } from 'node:fs'

/** Whether anything has this name, even a symbolic link that leads nowhere. */
export const isTaken = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false }) !== undefined

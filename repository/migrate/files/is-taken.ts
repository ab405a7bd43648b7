import { lstatSync } from 'node:fs'

/** Whether anything has this name, even a dangling symbolic link. */
export const isTaken = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false }) !== undefined

import { inputName } from './input.ts'

/** Node's `node:fs` over a folder that has one file. Nothing else is there, as on a disk where the user has only this file. */
function find(path: string): { readonly isFolder: boolean } {
  if (path === inputName || path === `/${inputName}`) return { isFolder: false }
  if (path === '/' || path === '.' || path === '') return { isFolder: true }
  throw Object.assign(new Error(`ENOENT: no such file or directory, '${path}'`), { code: 'ENOENT' })
}

export function statSync(path: string) {
  const { isFolder } = find(path)
  return {
    isFile: () => !isFolder,
    isDirectory: () => isFolder,
    isSymbolicLink: () => false,
    isFIFO: () => false,
    size: 0,
  }
}
export const lstatSync = (path: string, { throwIfNoEntry = true } = {}) =>
  throwIfNoEntry || existsSync(path) ? statSync(path) : undefined
export const accessSync = find

export const realpathSync = (path: string): string => {
  find(path)
  return path.startsWith('/') ? path : `/${path === '.' ? '' : path}`
}

export const existsSync = (path: string): boolean => {
  try {
    find(path)
    return true
  } catch {
    return false
  }
}

export const readFileSync = (path: string): string => {
  find(path)
  throw Object.assign(new Error(`EACCES: permission denied, '${path}'`), { code: 'EACCES' })
}

export const readdirSync = (path: string): readonly { name: string; isFile(): boolean }[] => {
  find(path)
  const file = { ...statSync(inputName), name: inputName }
  return [file]
}

/** The descriptor needs no number: the one file is read by `readDescriptor` of input.ts. */
export const openSync = (path: string): number => {
  find(path)
  return 0
}
export const closeSync = (): void => undefined

export const constants = { X_OK: 1, O_RDONLY: 0, O_NONBLOCK: 0 }

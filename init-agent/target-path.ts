import { posix } from 'node:path'

/**
 * What is wrong with the paths of a set of files, or nothing. The webhook has refused such paths; here they are
 * checked again, as nobody but the webhook is known to have written the configuration, and a path must not lead out.
 */
export function pathProblem(paths: readonly string[]): string | undefined {
  const files = new Set<string>()
  const folders = new Set<string>()
  for (const path of paths) {
    const problem = singleProblem(path)
    if (problem !== undefined) return `"${path.slice(0, 80)}" ${problem}`
    if (files.has(path)) return `"${path}" is named twice`
    files.add(path)
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
      folders.add(path.slice(0, at))
  }
  const both = paths.find((path) => folders.has(path))
  return both === undefined ? undefined : `"${both}" would be a file and a folder`
}

function singleProblem(path: string): string | undefined {
  const components = path.split('/')
  if (path === '' || path === '.' || path.endsWith('/') || path.includes('\0'))
    return 'is no path of a file'
  if (posix.isAbsolute(path)) return 'is not relative'
  // `..data` and the timestamped folders live there.
  if (path.startsWith('..')) return 'starts with ".."'
  if (components.includes('..')) return 'holds ".."'
  if (posix.normalize(path) !== path) return 'is not in its simplest form'
  if (Buffer.byteLength(path) > 4096) return 'is longer than 4096 bytes'
  if (components.some((component) => Buffer.byteLength(component) > 255))
    return 'has a part of more than 255 bytes'
  return undefined
}

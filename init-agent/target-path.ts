/** What a path of a file below the mount may be. Pure: the webhook refuses with it, and the agent checks again. */

import { printable } from '../lib/printable.ts'
import type { WantedFile } from './contract.ts'

const maxPathBytes = 4096
const maxComponentBytes = 255
const encoder = new TextEncoder()
// A path is shown in logs and listings: no control characters. NUL would end it for the kernel.
const control = /\p{Cc}/u

/**
 * What is wrong with the path of a file below the mount, undefined when nothing is (docs/specification.md,
 * "Target paths"). A path can only name a place
 * inside the folder, in one way, and never the `..` names of the atomic switch.
 */
export function targetPathProblem(path: string): string | undefined {
  if (path === '') return 'the path is empty'
  if (control.test(path) || !path.isWellFormed()) return 'the path holds a control character'
  if (path === '.')
    return 'the path "." is the mount path itself, where only "tls/" can write; write the name of a file'
  if (path.startsWith('/')) return 'the path must be relative: it is taken below the mount path'
  const components = path.split('/')
  if (components[0]?.startsWith('..')) return 'the path must not start with ".."'
  if (components.includes('..')) return 'the path must not hold a ".." component'
  if (path.endsWith('/'))
    return 'the path must not end with "/", as only "tls/" and "#*" write folders'
  if (components.some((component) => component === '' || component === '.'))
    return 'the path must be in its shortest form, without an empty or "." component'
  if (components.some((component) => encoder.encode(component).length > maxComponentBytes))
    return `a component of the path is longer than ${maxComponentBytes} bytes`
  if (encoder.encode(path).length > maxPathBytes)
    return `the path is longer than ${maxPathBytes} bytes`
  return undefined
}

interface Place {
  readonly children: Map<string, Place>
  /** The path that ends here. */
  file?: string
  /** The first path that leads through here. */
  readonly first: string
}

/**
 * Pairs of paths that cannot both be files: one twice, or one that is a folder of the other. Walks a tree, so that the
 * time grows with the length of all paths and no faster.
 */
export function pathConflicts(paths: readonly string[]): readonly (readonly [string, string])[] {
  const root: Place = { children: new Map(), first: '' }
  const conflicts = new Map<string, readonly [string, string]>()
  for (const path of paths) {
    const conflict = take(root, path)
    if (conflict !== undefined) conflicts.set(conflict.join('\n'), conflict)
  }
  return [...conflicts.values()]
}

function take(root: Place, path: string): readonly [string, string] | undefined {
  let place = root
  for (const component of path.split('/')) {
    if (place.file !== undefined) return [place.file, path]
    let child = place.children.get(component)
    if (child === undefined) {
      child = { children: new Map(), first: path }
      place.children.set(component, child)
    }
    place = child
  }
  if (place.file !== undefined) return [path, path]
  if (place.children.size > 0) return [path, place.first]
  place.file = path
  return undefined
}

/** What is wrong with the paths of a whole set, in one sentence; undefined when nothing is. */
export function pathProblem(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const problem = targetPathProblem(path)
    if (problem !== undefined) return `"${printable(path)}": ${problem}`
  }
  const [conflict] = pathConflicts(paths)
  if (conflict === undefined) return undefined
  const [first, second] = conflict.map((path) => printable(path))
  return first === second ? `"${first}" is named twice` : `"${first}" would be a file and a folder`
}

/** The files of type `tls`. */
export const tlsFileNames = ['tls.crt', 'tls.key', 'ca.crt'] as const

/**
 * The paths that a wanted file takes for itself: its own, those in its folder, or, where nobody knows the names before
 * the value is there, the folder as a whole.
 */
export function claimedPaths({ path, object, versions }: WantedFile): readonly string[] {
  const below = (name: string | number) => (path === '.' ? String(name) : `${path}/${name}`)
  if (object.type === 'tls') return tlsFileNames.map(below)
  return versions === undefined ? [path] : Array.from({ length: versions }, (_, i) => below(i))
}

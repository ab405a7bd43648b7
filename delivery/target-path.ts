/** The rules for paths of files below the mount. Pure: the webhook denies by them, and the agent checks again. */

import { printable } from '../lib/printable.ts'
import type { Wanted, WantedFile } from './contract.ts'

const maxPathBytes = 4096
const maxComponentBytes = 255
// Paths are shown in logs and listings. The kernel would end a path at NUL.
const controlCharacter = /\p{Cc}/u

/**
 * Why a path can't be a target, or undefined if it can (docs/specification.md, "Target paths"). A valid path stays inside
 * the mount, has one spelling, and doesn't start with `..`, as the names that the atomic switch uses do.
 */
export function targetPathProblem(path: string): string | undefined {
  if (path === '') return 'the path is empty'
  if (controlCharacter.test(path) || !path.isWellFormed())
    return 'the path contains a control character'
  if (path === '.')
    return 'the path "." is the mount path itself, where only "tls/" can write; add a file name'
  if (path.startsWith('/')) return 'the path must be relative: it is taken below the mount path'
  const components = path.split('/')
  if (components[0]?.startsWith('..')) return 'the path must not start with ".."'
  if (components.includes('..')) return 'the path must not contain a ".." component'
  if (path.endsWith('/'))
    return 'the path must not end with "/", as only "tls/" and "#*" write folders'
  if (components.some((component) => component === '' || component === '.'))
    return 'the path must be in its shortest form, without an empty or "." component'
  if (components.some((component) => isLonger(component, maxComponentBytes)))
    return `a component of the path is longer than ${maxComponentBytes} bytes`
  if (isLonger(path, maxPathBytes)) return `the path is longer than ${maxPathBytes} bytes`
  return undefined
}

/** In UTF-8, a UTF-16 code unit takes at most three bytes, so most components needn't be encoded to be measured. */
const isLonger = (text: string, maxBytes: number): boolean =>
  text.length * 3 > maxBytes && encoder.encode(text).length > maxBytes

const encoder = new TextEncoder()

interface PathNode {
  readonly children: Map<string, PathNode>
  /** The path that ends here. */
  file?: string
  /** The first path that leads through here. */
  readonly firstPath: string
}

/**
 * Pairs of paths that can't both be files, because they are equal or one is a folder of the other. Takes time in
 * proportion to the length of all paths together.
 */
export function pathConflicts(paths: readonly string[]): readonly (readonly [string, string])[] {
  const root: PathNode = { children: new Map(), firstPath: '' }
  const conflicts = new Map<string, readonly [string, string]>()
  for (const path of paths) {
    const conflict = addPath(root, path)
    if (conflict !== undefined) conflicts.set(conflict.join('\n'), conflict)
  }
  return [...conflicts.values()]
}

/** Adds a path to the tree, or returns the pair that conflicts. */
function addPath(root: PathNode, path: string): readonly [string, string] | undefined {
  let node = root
  for (const component of path.split('/')) {
    if (node.file !== undefined) return [node.file, path]
    let child = node.children.get(component)
    if (child === undefined) {
      child = { children: new Map(), firstPath: path }
      node.children.set(component, child)
    }
    node = child
  }
  if (node.file !== undefined) return [path, path]
  if (node.children.size > 0) return [path, node.firstPath]
  node.file = path
  return undefined
}

/** Why the paths can't form one set of files, or undefined if they can. */
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
 * The paths that a target claims: its own, or those in its folder. For "#*", whose names depend on the value, it is the
 * folder as a whole.
 */
export function claimedPaths(file: WantedFile): readonly string[] {
  const { path } = file
  return partNames(file)?.map((name) => (path === '.' ? name : `${path}/${name}`)) ?? [path]
}

/** The names of the parts of a value, as far as they are known before it is fetched. Undefined if it has one part. */
export function partNames({
  object,
  versions,
  versionIndex,
}: Wanted): readonly string[] | undefined {
  if (object.type === 'tls') return tlsFileNames
  return versions === undefined || versionIndex !== undefined
    ? undefined
    : Array.from({ length: versions }, (_, i) => `${i}`)
}

/**
 * Identifies a file among those of all volumes: by its path for our own files, as `/VOLUME/PATH` for those of a served
 * volume. The two never meet, because a target's path is relative.
 */
export const fileKey = (path: string, volume: string | undefined): string =>
  volume === undefined ? path : `/${volume}/${path}`

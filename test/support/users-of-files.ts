import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { importsOf } from './imports-of.ts'

/** The files that use a file: they import it, or start it as a program. */
export type Users = ReadonlyMap<string, readonly string[]>

/** @param paths - from the root; only these can be used or users */
export function readUsers(root: string, paths: readonly string[]): Users {
  const known = new Set(paths)
  const users = new Map<string, string[]>(paths.map((path) => [path, []]))
  for (const path of paths) {
    const text = readFileSync(join(root, path), 'utf8')
    const imported = importsOf(path, text).flatMap(({ name, isType }) => (isType ? [] : name))
    for (const name of new Set([...imported, ...programsIn(path, text)]))
      if (known.has(name) && name !== path) users.get(name)?.push(path)
  }
  return users
}

/** Paths in strings, from the file's own folder or from the root. */
function programsIn(path: string, text: string): readonly string[] {
  return [...text.matchAll(/['"`/]((?:\.{1,2}\/)*[\w/-]+\.ts)['"`]/g)].flatMap(([, name = '']) => [
    normalize(join(dirname(path), name)),
    normalize(name),
  ])
}

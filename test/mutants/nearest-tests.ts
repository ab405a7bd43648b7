import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { importsOf } from '../support/imports-of.ts'

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

/**
 * Lists the test files that reach a source file, nearest first: those that use it, those that use what uses it, and so on.
 * Among equals, the files in the folder that mirrors the source's come first.
 */
export function nearestTests(users: Users, file: string): readonly string[] {
  const seen = new Set([file])
  const found: string[] = []
  for (let level = [file]; level.length > 0; ) {
    level = level
      .flatMap((path) => users.get(path) ?? [])
      .filter((path) => !seen.has(path) && seen.add(path))
    const tests = level.filter((path) => path.endsWith('.test.ts'))
    found.push(...tests.toSorted((a, b) => sharedFolders(b, file) - sharedFolders(a, file)))
  }
  return found
}

/** How many folders a test shares with the path that mirrors the source's. One more if their names are alike, too. */
function sharedFolders(test: string, file: string): number {
  const mirror = join('test', file.replace(/\.ts$/, '.test.ts')).split('/')
  const parts = test.replace('.alone.', '.').split('/')
  const different = mirror.findIndex((part, index) => part !== parts[index])
  return different < 0 ? mirror.length : different
}

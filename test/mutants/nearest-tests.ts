import { join } from 'node:path'
import type { Users } from '../support/users-of-files.ts'

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

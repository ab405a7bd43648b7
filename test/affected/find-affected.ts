import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Users } from '../support/users-of-files.ts'

/** The tests that a change can touch. */
export interface Affected {
  readonly tests: readonly string[]
  /** Changed files that any test may depend on, such as `package.json`. */
  readonly everywhere: readonly string[]
}

interface Checkout {
  readonly root: string
  readonly users: Users
}

const isTest = (path: string): boolean => path.endsWith('.test.ts')

/** The command line imports every room. So a test that starts it counts if it is a test of a room that was reached, or of these. */
const commandRooms = ['repository', 'operate', 'laptop']
const ofAllCommands = ['cli', 'docs', 'manifests']
const isCommandLine = (path: string): boolean => path.startsWith('cli/')

/** Files that aren't code, and the tests that read them. */
const readers: readonly { readonly files: RegExp; readonly tests: RegExp }[] = [
  { files: /\.md$|^docs\//, tests: /^test\/docs\// },
  { files: /^manifests\//, tests: /^test\/(?:manifests|docs)\// },
  { files: /^image\/|^Containerfile$/, tests: /^test\/image\// },
  { files: /^\.github\//, tests: /^test\/release\// },
]

/**
 * Lists the tests that reach changed files: by their imports, by the programs that they start, and by the fixtures that they name.
 *
 * @param changed - paths from the root
 */
export function findAffected({ root, users }: Checkout, changed: readonly string[]): Affected {
  const reached = changed.map((path) => ({
    path,
    tests: users.has(path) ? testsOfCode(users, path) : testsOfFile(path, { root, users }),
  }))
  return {
    tests: [...new Set(reached.flatMap(({ tests }) => tests))].toSorted(),
    everywhere: reached.filter(({ tests }) => tests.length === 0).map(({ path }) => path),
  }
}

function testsOfCode(users: Users, file: string): readonly string[] {
  const reached = reachedFrom(users, [file], (path) => isCommandLine(path) && !isCommandLine(file))
  const rooms = commandRooms.filter((room) => reached.some((path) => path.startsWith(`${room}/`)))
  if (rooms.length === 0) return reached.filter(isTest)
  const folders = [...rooms, ...ofAllCommands].map((room) => `test/${room}/`)
  const starting = reachedFrom(users, ['cli/main.ts', 'cli/command-line.ts'], () => false)
  const ofRooms = starting.filter((path) => folders.some((folder) => path.startsWith(folder)))
  return [...reached, ...ofRooms].filter(isTest)
}

/** All that use the files, directly or not. A walk ends at a file that `isEnd`. */
function reachedFrom(
  users: Users,
  files: readonly string[],
  isEnd: (path: string) => boolean,
): readonly string[] {
  const seen = new Set(files)
  for (const path of seen)
    if (!isEnd(path)) for (const user of users.get(path) ?? []) seen.add(user)
  return [...seen]
}

/** The tests that name the file’s folder below `test`, such as `fixtures/admission`, and those that read all files of its kind. */
function testsOfFile(path: string, { root, users }: Checkout): readonly string[] {
  const [, fixture] = /^test\/(fixtures\/[\w-]+)/.exec(path) ?? []
  const naming =
    fixture === undefined
      ? []
      : [...users.keys()].filter((code) => readFileSync(join(root, code), 'utf8').includes(fixture))
  const reading = readers.filter(({ files }) => files.test(path)).map(({ tests }) => tests)
  const reached = reachedFrom(users, naming, () => false)
  const ofKind = [...users.keys()].filter((code) => reading.some((tests) => tests.test(code)))
  return [...reached, ...ofKind].filter(isTest)
}

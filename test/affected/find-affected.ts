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
const commandRooms = ['repository', 'operate', 'prove', 'laptop']
const ofAllCommands = ['cli', 'docs', 'manifests']
const isCommandLine = (path: string): boolean => path.startsWith('cli/')

/** Files that aren't code, and the tests that read them. */
const readers: readonly { readonly files: RegExp; readonly tests: RegExp }[] = [
  { files: /\.md$|^docs\//, tests: /^test\/docs\// },
  { files: /^manifests\//, tests: /^test\/(?:manifests|docs)\// },
  { files: /^image\/|^Containerfile$/, tests: /^test\/image\// },
  { files: /^\.github\//, tests: /^test\/release\// },
]

/** Another version of a package may change anything. */
const packages = /^package(?:-lock)?\.json$/

/**
 * Lists the tests that reach changed files: by their imports, by the programs that they start, and by the files that they name.
 *
 * @param changed - paths from the root
 */
export function findAffected({ root, users }: Checkout, changed: readonly string[]): Affected {
  const reached = changed.map((path) => ({
    path,
    tests: testsOf(path, { root, users }),
  }))
  return {
    tests: [...new Set(reached.flatMap(({ tests }) => tests))].toSorted(),
    everywhere: reached.filter(({ tests }) => tests.length === 0).map(({ path }) => path),
  }
}

function testsOf(path: string, { root, users }: Checkout): readonly string[] {
  if (packages.test(path)) return []
  return users.has(path) ? testsOfCode(users, path) : testsOfFile(path, { root, users })
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

/** The tests of code that names the file, a folder that it is in, or its fixtures, and those that read all files of its kind. */
function testsOfFile(path: string, { root, users }: Checkout): readonly string[] {
  const fixtures = path
    .match(/^test\/fixtures\/[\w-]+/)
    ?.map((folder) => folder.slice('test/'.length))
  const marks = [...(fixtures ?? []), ...namesOf(path)]
  const naming = [...users.keys()].filter((code) => {
    const text = readFileSync(join(root, code), 'utf8')
    return marks.some((mark) => text.includes(mark))
  })
  const reading = readers.filter(({ files }) => files.test(path)).map(({ tests }) => tests)
  const ofKind = [...users.keys()].filter((code) => reading.some((tests) => tests.test(code)))
  return [...naming.flatMap((code) => testsOfCode(users, code)), ...ofKind].filter(isTest)
}

/** How strings name a file and the folders that it is in. A top folder is also a word of many sentences, so it doesn't count. */
function namesOf(path: string): readonly string[] {
  const parts = path.replace(/^test\//, '').split('/')
  const folders = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join('/'))
  return [...folders.slice(1), parts.join('/')].flatMap((name) =>
    ["'", "/'", '`', '/${'].map((end) => name + end),
  )
}

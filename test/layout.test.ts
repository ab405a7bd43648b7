// The layout of the sources: what ARCHITECTURE.md, "Folders" says.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { findLeaks, readImports, sourceFolders, sourcesIn } from './rooms/find-leaks.ts'
import { importsOf, unknownImport } from './support/imports-of.ts'

const root = join(import.meta.dirname, '..')
const folders = sourceFolders
/** These decide, so they must give the same result for the same data. */
const pureFolders = ['requests', 'webhook/core', 'sync/plan']
const pureFiles = ['certs/issue.ts', 'certs/names.ts', 'certs/plan.ts']
/** Packages and parts of Node.js that only compute. */
const computing = ['@peculiar/x509', 'leven', 're2js', 'reflect-metadata', 'yaml', 'node:crypto']

const imports = readImports()

t.test('no file imports what its room may not import', (t) => {
  t.ok(imports.size > 800, `${imports.size} files are read`)
  t.strictSame(findLeaks(imports), [])
  const example = { name: 'sync/controller.ts', isType: true }
  t.strictSame(findLeaks(new Map([['lib/clock.ts', [example]]])), [
    'lib/clock.ts imports sync/controller.ts, which test/rooms/rooms.ts doesn’t allow lib',
  ])
  t.end()
})

t.test('an import is found in any form', (t) => {
  for (const form of [
    "export * from 'F'",
    "export type { A } from 'F'",
    "import {\n  // it's ours\n  a,\n} from 'F'",
    "import /* don't */ a from 'F'",
    'import "F"',
    "import a = require('F')",
    "await import('F', { with: { type: 'json' } })",
    "await import(\n  'F',\n)",
    'await import(`F`)',
    "type A = import('F').A",
    "createRequire(import.meta.url)('F')",
    "new Worker(new URL('F', import.meta.url))",
    "import.meta.resolve('F')",
  ]) {
    const found = importsOf('lib/a.ts', form.replace('F', '../sync/main.ts'))
    t.strictSame([...new Set(found.map(({ name }) => name))], ['sync/main.ts'], form)
  }
  for (const form of ['import(name)', 'import(`../${room}/main.ts`)'])
    t.strictSame(importsOf('lib/a.ts', form), [{ name: unknownImport, isType: false }])
  t.end()
})

t.test('no folders import each other in a circle', (t) => {
  const arrows = new Map<string, Set<string>>()
  for (const [path, imported] of imports)
    for (const { name } of imported)
      if (imports.has(name) && dirname(name) !== dirname(path))
        arrows.set(dirname(path), (arrows.get(dirname(path)) ?? new Set()).add(dirname(name)))
  t.ok(arrows.size > 50, `${arrows.size} folders import others`)
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    [...(arrows.get(from) ?? [])].some(
      (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
    )
  for (const folder of arrows.keys())
    t.notOk(reaches(folder, folder), `${folder} imports nothing that imports it`)
  t.end()
})

/** So many files side by side are still found at a glance. */
const mostFiles = 16

t.test('no folder has too many files side by side', (t) => {
  const counts = Map.groupBy(imports.keys(), (path) => dirname(path))
  t.ok(counts.size > 100, `${counts.size} folders have files`)
  for (const [folder, files] of counts)
    if (files.length > mostFiles)
      t.fail(`${folder} has ${files.length} files, and at most ${mostFiles} are found at a glance`)
  t.end()
})

t.test('pure code reaches nothing that isn’t', (t) => {
  const pure = [...imports.keys()].filter(
    (path) =>
      pureFiles.includes(path) || pureFolders.some((folder) => path.startsWith(`${folder}/`)),
  )
  t.ok(pure.length > 100, `${pure.length} files are pure`)
  const checked = new Set<string>()
  function check(path: string, from: string): void {
    if (checked.has(path)) return
    checked.add(path)
    for (const { name, isType } of imports.get(path) ?? [])
      if (!isType) {
        if (imports.has(name)) check(name, `${from} > ${name}`)
        else if (!name.endsWith('.json') && !computing.includes(name)) t.fail(`${from} > ${name}`)
      }
  }
  for (const path of pure) check(path, path)
  t.end()
})

t.test('the README of a folder names each folder in it', (t) => {
  const withReadme = folders.filter((folder) => existsSync(join(root, folder, 'README.md')))
  t.ok(withReadme.length > 5, `${withReadme.length} folders have a README`)
  for (const folder of withReadme) {
    const readme = readFileSync(join(root, folder, 'README.md'), 'utf8')
    const inside = [...imports.keys()].flatMap(
      (path) => path.match(`^${folder}/([^/]+)/`)?.[1] ?? [],
    )
    for (const name of new Set(inside))
      t.ok(readme.includes(`](${name})`), `${folder}/README.md names ${name}/`)
  }
  t.end()
})

/** The names that the files export, by file. */
const exported = new Map(
  [...imports.keys()]
    .filter(isNamedHere)
    .map((path) => [path, exportsOf(readFileSync(join(root, path), 'utf8'))]),
)

/** What stands in for another module has the names of its exports, and web/build/stand-ins.ts puts it in its place. */
function isNamedHere(path: string): boolean {
  return !path.startsWith('web/core/node/')
}

function exportsOf(text: string): readonly string[] {
  const found = text.matchAll(
    /^export (?:async )?(?:const|let|class|type|interface|function\*?) (\w+)/gm,
  )
  return [...found].flatMap(([, name]) => name ?? [])
}

t.test('no two files export the same name', (t) => {
  const names = [...exported].flatMap(([path, list]) => list.map((name) => ({ name, path })))
  t.ok(names.length > 1000, `${names.length} names are exported`)
  for (const [name, files] of Map.groupBy(names, ({ name }) => name))
    if (files.length > 1) t.fail(`${name}: ${files.map(({ path }) => path).join(', ')}`)
  t.end()
})

const staticImport = /(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s*from\s*'(\.[^']+)'/g
const wholeImport = /import\s+(?:type\s+)?\*\s*as\s+\w+\s+from\s*'(\.[^']+)'|import\('(\.[^']+)'\)/g

t.test('every exported name is imported', (t) => {
  const importers = [...folders, 'test', 'manifests'].flatMap(sourcesIn)
  const used = new Set<string>()
  for (const path of importers) {
    const text = readFileSync(join(root, path), 'utf8')
    const fileAt = (target: string) => normalize(join(dirname(path), target))
    for (const [, names = '', target = ''] of text.matchAll(staticImport))
      for (const name of names.matchAll(/(?:^|,)\s*(?:type\s+)?(\w+)/g))
        used.add(`${fileAt(target)}#${name[1]}`)
    // A module that is imported later, or as a whole, is used by the names of its members.
    for (const [, whole, later = whole] of text.matchAll(wholeImport))
      for (const name of exported.get(fileAt(later ?? '')) ?? [])
        if (text.match(`\\b${name}\\b`)) used.add(`${fileAt(later ?? '')}#${name}`)
  }
  t.ok(used.size > 1000, `${used.size} names are imported`)
  for (const [path, names] of exported)
    for (const name of names)
      if (!used.has(`${path}#${name}`)) t.fail(`${path} exports ${name}, which nobody imports`)
  t.end()
})

t.test('`npm test` runs the tests of each folder', (t) => {
  const withCommand = ['cluster', 'fuzz']
  const tested = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts') && path.includes('/'))
    .map((path) => path.split('/', 1)[0] ?? '')
  const folders = new Set(tested.filter((folder) => !withCommand.includes(folder)))
  t.ok(folders.size > 15, `${folders.size} folders have tests`)
  for (const folder of folders)
    t.ok(existsSync(join(import.meta.dirname, folder, 'all.ts')), `test/${folder}/all.ts`)
  t.end()
})

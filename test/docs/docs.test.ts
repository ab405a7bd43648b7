import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { readAccount } from '../../requests/account/read-account.ts'
import { secretMembers } from '../../requests/account/secret-entry.ts'
import { settingNames } from '../../requests/administrator/settings/setting-names.ts'
import {
  annotationPrefix,
  objectKeys,
  syncKey,
} from '../../requests/annotations/keys/own-annotations.ts'
import { podSettings } from '../../requests/annotations/pod-settings.ts'
import { accountSettings } from '../../requests/annotations/vocabulary.ts'
import { sourceFolders } from '../rooms/find-leaks.ts'
import { policy } from '../webhook/core/policy.ts'
import { anchorsOf } from './anchors-of.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'CODE_OF_CONDUCT.md',
  'GOVERNANCE.md',
  'ROADMAP.md',
].concat(
  readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
)
const { scripts, bin } = JSON.parse(read('package.json'))

/** The code spans in the first column of the tables of a text. */
const firstColumn = (text: string): readonly string[] =>
  [...text.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code),
  )

/** Everything in TypeScript that is ours. */
const sources = (): readonly string[] =>
  readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .flatMap((entry) =>
      entry.isDirectory()
        ? readdirSync(join(root, entry.name), { recursive: true }).map(
            (below) => `${entry.name}/${below}`,
          )
        : [entry.name],
    )
    .filter((path) => path.endsWith('.ts'))

/** A comment's lines joined, so that a sentence can be found that continues on the next line. */
const flatComments = (source: string): string => source.replace(/\n\s*(\*|\/\/) /g, ' ')

/** What an expression's first group finds in the pages. */
const inPages = (expression: RegExp) =>
  pages.flatMap((page) =>
    [...read(page).matchAll(expression)].map(([, found = '']) => ({ page, found })),
  )

t.test('every link of every page leads somewhere', async (t) => {
  const links = inPages(/\]\(([^)\s]+)\)/g).filter(({ found }) => !/^https?:/.test(found))
  t.ok(links.length >= 400, `${links.length} links`)
  for (const { page, found } of links) {
    const [path = '', anchor] = found.split('#')
    const file = path === '' ? page : join(dirname(page), path)
    t.ok(existsSync(join(root, file)), `${page}: ${found}`)
    if (anchor !== undefined) t.ok(anchorsOf(read(file)).includes(anchor), `${page}: ${found}`)
  }
})

t.test('every file of tests that a page names exists, in commands, too', async (t) => {
  const paths = inPages(/[`\s](test\/[\w./*-]*\w)(?=[`\s])/g)
  t.ok(paths.length >= 40, `${paths.length} paths`)
  for (const { page, found } of paths)
    t.not(globSync(found, { cwd: root }).length, 0, `${page}: ${found}`)
})

t.test('every npm script and every command that a page names exists', async (t) => {
  const commands = globSync('cli/*-{command,commands}.ts', { cwd: root }).map(read).join('')
  const named = inPages(/npm run (?:--silent )?([\w:-]+)/g)
  t.ok(named.length >= 50, `${named.length} scripts`)
  for (const { page, found } of named) t.ok(scripts[found], `${page}: npm run ${found}`)
  const ours = inPages(/(?:`|^\$ |\w \| )akv-injector ([a-z]+)/gm)
  t.ok(ours.length >= 30, `${ours.length} commands`)
  for (const { page, found } of ours) t.match(commands, `.command('${found}')`, `${page}: ${found}`)
  t.ok(existsSync(join(root, bin['akv-injector'])))
})

t.test('no page tells users to run a package of the public registry under our name', async (t) => {
  const folders = ['docs', 'manifests', ...sourceFolders]
  const below = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
      join(folder, path),
    ),
  )
  const files = [...pages, ...below].filter((path) => /\.(md|ts|ya?ml|txt|tpl)$/.test(path))
  t.ok(files.length > 200)
  for (const file of files)
    t.notMatch(
      read(file),
      /(npx|npm exec|npm x|npm i|npm install|yarn dlx|pnpm dlx)( -\S+)* akv-injector/,
      file,
    )
})

t.test('the README’s two commands are those that CI runs', async (t) => {
  const commands = [...read('README.md').matchAll(/```sh\n([\s\S]*?)\n```/g)].map(
    ([, block]) => block,
  )
  t.strictSame(commands, ['npm ci && npm run demo', 'npm cit'])
  t.match(read('.ci/run'), /^suite 25m npm cit$/m)
  t.match(read('.ci/run'), /^ *step npm run demo$/m)
})

for (const [page, heading] of [
  ['docs/annotations.md', 'Keys'],
  ['docs/specification.md', 'Annotations'],
] as const)
  t.test(`the table of annotations in ${page} has every annotation, and no other`, async (t) => {
    const text = read(page)
    const [, section = ''] = new RegExp(`## ${heading}\n([\\s\\S]*?)\n##`).exec(text) ?? []
    t.strictSame(
      [...firstColumn(section)].sort(),
      [...objectKeys, ...Object.keys(podSettings)].sort(),
    )
    t.match(text, annotationPrefix)
  })

t.test('every heading of the specification that a comment cites exists', async (t) => {
  const headings = [...read('docs/specification.md').matchAll(/^#+ (.+)$/gm)].map(
    ([, heading]) => heading,
  )
  const citations = sources().flatMap((path) =>
    [...flatComments(read(path)).matchAll(/docs\/specification\.md, "([^"]*)"/g)].map(
      ([, heading]) => ({ path, heading }),
    ),
  )
  t.ok(citations.length >= 10)
  for (const { path, heading } of citations) t.ok(headings.includes(heading), `${path}: ${heading}`)
})

t.test('every heading of a page that a message cites exists', async (t) => {
  const citations = sources().flatMap((path) =>
    [...read(path).matchAll(/(docs\/[a-z0-9-]+\.md), "([^"\n]+)"/g)].map(
      ([, page = '', heading = '']) => ({ path, page, heading }),
    ),
  )
  t.ok(citations.length >= 20, `${citations.length} headings are cited`)
  for (const { path, page, heading } of citations) {
    // Messages leave out the number of a step.
    const headings = [...read(page).matchAll(/^#+ (?:\d+\. )?(.+)$/gm)].map(([, text]) => text)
    t.ok(headings.includes(heading), `${path}: ${page}, "${heading}"`)
  }
})

t.test(
  'the page of sync has every annotation of an account and every field, and no other',
  async (t) => {
    const [, section = ''] =
      /## ServiceAccount annotations\n([\s\S]*?)\n## /.exec(read('docs/sync.md')) ?? []
    t.strictSame(
      [...firstColumn(section)].sort(),
      [syncKey, ...Object.keys(accountSettings), ...secretMembers].sort(),
    )
  },
)

t.test('every ServiceAccount that a page shows would be synced', async (t) => {
  const shown = pages.flatMap((page) =>
    [...read(page).matchAll(/```yaml\n([\s\S]*?)\n```/g)]
      .flatMap(([, block = '']) => parseAllDocuments(block).map((document) => document.toJS()))
      .filter((object) => object?.kind === 'ServiceAccount')
      .map(({ metadata }) => ({ page, ...metadata })),
  )
  t.ok(shown.length >= 2)
  for (const { page, name, namespace = 'default', annotations } of shown)
    t.match(readAccount({ name, namespace, annotations }, policy), { kind: 'wanted' }, page)
})

t.test('the page of settings has every setting, and no other', async (t) => {
  t.strictSame([...firstColumn(read('docs/settings.md'))].sort(), [...settingNames].sort())
})

t.test('the page of settings names values that the chart has', async (t) => {
  const { properties } = JSON.parse(read('manifests/chart/values.schema.json'))
  const rows = read('docs/settings.md')
    .split('\n')
    .filter((line) => line.startsWith('| `AKV_INJECTOR_'))
  const paths = rows.flatMap((row) =>
    [...(row.split(' | ').at(-1) ?? '').matchAll(/`([\w.]+)`/g)].map(([, path = '']) => path),
  )
  t.ok(paths.length >= 14)
  for (const path of paths)
    t.ok(
      path.split('.').reduce((schema, name) => schema?.properties?.[name], { properties }),
      path,
    )
})

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { anchorsOf } from './anchors-of.ts'
import { addressOf, comparison, readmeFile, withTables } from './comparison-table.ts'

const root = join(import.meta.dirname, '../..')
const { tools, sections, related } = comparison
const rows = sections.flatMap(({ rows }) => rows)

t.test('the tables of the README are those of docs/comparison.yaml', async (t) => {
  const readme = readFileSync(readmeFile, 'utf8')
  t.equal(readme, withTables(readme), 'run `node test/docs/comparison-table.ts`')
})

t.test('every row has a cell for every tool, and no name twice', async (t) => {
  t.ok(rows.length >= 25, `${rows.length} rows`)
  for (const { name, cells } of rows) t.equal(cells.length, tools.length, name)
  t.equal(new Set(rows.map(({ name }) => name)).size, rows.length)
})

t.test('every cell has a source: a page here, or an address', async (t) => {
  const sourced = rows.flatMap(({ name, cells }) =>
    cells.map(({ text, sources }) => ({ name: `${name}: ${text}`, text, sources })),
  )
  for (const { name, text, sources } of [...sourced, ...related]) {
    t.not(text, '', name)
    t.ok(sources.length > 0, `${name} has a source`)
    for (const source of sources.map(addressOf)) {
      const isThere = /^https:\/\/[\w.-]+\/./.test(source) || isPage(source)
      t.ok(isThere, `${name}: ${source}`)
    }
  }
})

t.test('a source of another repository is a file at a tag or a commit', async (t) => {
  for (const base of Object.values(comparison.repositories))
    t.match(
      base,
      /^https:\/\/github\.com\/[\w-]+\/[\w-]+\/blob\/([\w-]*v?\d+\.\d+\.\d+|[0-9a-f]{40})\/$/,
    )
  t.throws(() => addressOf('elsewhere:README.md'), /unknown repository/)
})

/** Says whether a page exists, and has the heading that the source names. */
function isPage(source: string): boolean {
  const [path = '', anchor] = source.split('#')
  if (!existsSync(join(root, path))) return false
  return anchor === undefined || anchorsOf(readFileSync(join(root, path), 'utf8')).includes(anchor)
}

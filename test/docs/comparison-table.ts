import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

/** `node test/docs/comparison-table.ts` writes the README's tables from docs/comparison.yaml. */

const root = join(import.meta.dirname, '../..')

type Sourced = { readonly text: string; readonly sources: readonly string[] }
type Comparison = {
  readonly read: string
  readonly repositories: Readonly<Record<string, string>>
  readonly tools: readonly string[]
  readonly sections: readonly {
    readonly title: string
    readonly rows: readonly { readonly name: string; readonly cells: readonly Sourced[] }[]
  }[]
  readonly related: readonly (Sourced & { readonly name: string })[]
}

export const comparison: Comparison = parse(
  readFileSync(join(root, 'docs/comparison.yaml'), 'utf8'),
)

export const readmeFile = join(root, 'README.md')

/** Returns a README with the tables between its two markers, which must exist. */
export function withTables(readme: string): string {
  const markers = /(<!-- comparison -->\n)[\s\S]*(<!-- end of comparison -->)/
  if (!markers.test(readme)) throw new Error('README.md lacks the markers of the comparison')
  return readme.replace(markers, (_, begin, end) => `${begin}\n${tables()}\n${end}`)
}

function tables(): string {
  const { tools, sections, related } = comparison
  const rows = sections.flatMap(({ title, rows }) => [
    ...(title === '' ? [] : [rowOf([`**${title}**`, ...tools.map(() => '')])]),
    ...rows.map(({ name, cells }) => rowOf([name, ...cells.map(({ text }) => text)])),
  ])
  return [
    ...[rowOf(['', ...tools]), ruleOf(tools.length + 1), ...rows, ''],
    ...[rowOf(['beside these', 'what it does']), ruleOf(2)],
    ...related.map(({ name, text, sources }) => rowOf([linkOf(name, sources[0]), text])),
    '',
  ].join('\n')
}

const rowOf = (cells: readonly string[]) =>
  `|${cells.map((cell) => (cell === '' ? ' ' : ` ${cell} `)).join('|')}|`

const ruleOf = (columns: number) => `|${'---|'.repeat(columns)}`

const linkOf = (name: string, source = '') => `[${name}](${addressOf(source)})`

/** Returns the web address of a source, or the path of a page of this repository. */
export function addressOf(source: string): string {
  const [, repository = '', path = ''] = /^([\w-]+):(?!\/\/)(.+)$/.exec(source) ?? []
  const base = comparison.repositories[repository]
  if (repository !== '' && base === undefined) throw new Error(`${source}: unknown repository`)
  return base === undefined ? source : base + path
}

if (import.meta.main) writeFileSync(readmeFile, withTables(readFileSync(readmeFile, 'utf8')))

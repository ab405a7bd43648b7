import { dirname, posix } from 'node:path'
import type { Token, Tokens } from 'marked'
import { linksIn } from './docs-renderer.ts'
import { escapeHtml } from './escape-html.ts'
import { plainText } from './plain-text.ts'
import type { MarkdownPage } from './read-markdown.ts'
import { addressOf } from './site-links.ts'

/** Pages for one kind of reader. */
interface NavigationGroup {
  readonly title: string
  readonly pages: readonly MarkdownPage[]
}

/**
 * Reads who needs which page from the README's table "you | read". What it doesn't name comes last.
 *
 * @throws Error if the README has no such table
 */
export function readNavigation(pages: readonly MarkdownPage[]): readonly NavigationGroup[] {
  const readme = pages.find(({ path }) => path === 'README.md')
  const table = readme?.sections.flatMap(({ content }) => content).find(isTableOfReaders)
  if (readme === undefined || table === undefined)
    throw new Error('README.md has no table with the columns "you" and "read"')
  const groups = table.rows.map(([you, read]) => {
    const paths = linksIn(read?.tokens ?? []).map((href) => posix.join(dirname(readme.path), href))
    return {
      title: `You ${plainText(you?.tokens ?? [])}`,
      pages: paths.flatMap((path) => pages.find((page) => page.path === path) ?? []),
    }
  })
  const named = new Set([readme, ...groups.flatMap((group) => group.pages)])
  return [...groups, { title: 'More', pages: pages.filter((page) => !named.has(page)) }]
}

const isTableOfReaders = (token: Token): token is Tokens.Table =>
  token.type === 'table' &&
  (token as Tokens.Table).header.map(({ text }) => text).join() === 'you,read'

/** The links to all pages, as the page `from` has them. */
export function renderNavigation(
  groups: readonly NavigationGroup[],
  from: MarkdownPage,
  start: readonly (readonly [title: string, file: string])[],
): string {
  const link = (title: string, file: string) => {
    const current = file === from.file ? ' aria-current="page"' : ''
    return `<li><a href="${escapeHtml(addressOf(from, file))}"${current}>${escapeHtml(title)}</a></li>`
  }
  const lists = groups.map(({ title, pages }) => {
    const links = pages.map((page) => link(page.title, page.file)).join('\n')
    return `<li>${escapeHtml(title)}\n<ul>\n${links}\n</ul></li>`
  })
  return `<ul>\n${start.map(([title, file]) => link(title, file)).join('\n')}\n${lists.join('\n')}\n</ul>`
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import type { SearchEntry } from '../docs/search-sections.ts'
import { docsVersion } from './docs/docs-version.ts'
import { escapeHtml } from './docs/escape-html.ts'
import { readNavigation, renderNavigation } from './docs/navigation.ts'
import { plainText } from './docs/plain-text.ts'
import type { MarkdownPage } from './docs/read-markdown.ts'
import { readPages } from './docs/read-pages.ts'
import { renderPage } from './docs/render-page.ts'
import { SiteLinks } from './docs/site-links.ts'
import { fillTemplate } from './fill-template.ts'

interface Docs {
  /** The pages and their pictures, by their paths in the site. */
  readonly files: ReadonlyMap<string, string>
  readonly entries: readonly SearchEntry[]
}

/** Only files of the site, and no style or script that stands in a page. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

const { version, homepage } = packageJson

/**
 * Makes pages of the Markdown of a repository. The same files give the same bytes.
 *
 * @throws Error with all broken links, and all raw HTML that isn't known
 */
export function makeDocs(root: string): Docs {
  const pages = readPages(root)
  const current = docsVersion(
    pages.find(({ path }) => path === 'CHANGELOG.md'),
    version,
  )
  const sources = `${homepage}/blob/${current.ref}/`
  const links = new SiteLinks({ root, pages, sources })
  const groups = readNavigation(pages)
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  const template = readFileSync(join(import.meta.dirname, '../docs/page.html'), 'utf8')
  const files = new Map(
    pages.map((page) => {
      const html = fillTemplate(template, {
        policy,
        root: escapeHtml('../'.repeat(page.file.split('/').length - 1)),
        title: escapeHtml(page.file === 'index.html' ? page.title : `${page.title} · akv-injector`),
        version: escapeHtml(current.name),
        source: escapeHtml(sources + page.path),
        navigation: renderNavigation(groups, page, [
          ['Start', 'index.html'],
          ['Playground', 'playground.html'],
        ]),
        content: renderPage(page, links),
      })
      return [page.file, html]
    }),
  )
  if (links.problems.length > 0) throw new Error(links.problems.join('\n'))
  for (const path of [...links.pictures, 'docs/pictures/icon.svg']) files.set(path, read(path))
  return { files, entries: searchEntries(pages) }
}

const searchEntries = (pages: readonly MarkdownPage[]): readonly SearchEntry[] =>
  pages
    .flatMap(({ file, title: page, sections }) =>
      sections.map(({ anchor, title, content }) => {
        return { file, anchor, page, title, text: plainText(content) }
      }),
    )
    .map((entry, id) => ({ id, ...entry }))

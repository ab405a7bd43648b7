import { renderSection } from './docs-renderer.ts'
import { escapeHtml } from './escape-html.ts'
import type { MarkdownPage } from './read-markdown.ts'
import type { SiteLinks } from './site-links.ts'

/** Renders what is in a page, with a list of its chapters if there are several. */
export function renderPage(page: MarkdownPage, links: SiteLinks): string {
  const [start, ...rest] = page.sections.map((section) => renderSection(page, section, links))
  const sections = rest.map(({ heading, content }) => heading + content)
  return [start?.heading, renderChapters(page), start?.content, ...sections].join('')
}

function renderChapters({ sections }: MarkdownPage): string {
  const chapters = sections.filter(({ depth }) => depth === 2)
  if (chapters.length < 3) return ''
  const items = chapters.map(
    ({ anchor, title }) => `<li><a href="#${escapeHtml(anchor)}">${escapeHtml(title)}</a></li>`,
  )
  return `<nav aria-label="On this page"><details>
<summary>On this page</summary>
<ul>
${items.join('\n')}
</ul>
</details></nav>
`
}

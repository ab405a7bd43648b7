import { Parser, Renderer, type Token, type Tokens } from 'marked'
import { escapeHtml } from './escape-html.ts'
import type { MarkdownPage, MarkdownSection } from './read-markdown.ts'
import { renderDiagram } from './render-diagram.ts'
import type { SiteLinks } from './site-links.ts'

/** Renders a section with its heading, which is a link to itself unless it has one. */
export function renderSection(
  page: MarkdownPage,
  section: MarkdownSection,
  links: SiteLinks,
): { readonly heading: string; readonly content: string } {
  const { depth, anchor, heading, content } = section
  const renderer = new DocsRenderer(page, links)
  const title = Parser.parseInline([...heading], { renderer })
  const inner = title.includes('<a ') ? title : `<a href="#${escapeHtml(anchor)}">${title}</a>`
  return {
    heading: `<h${depth} id="${escapeHtml(anchor)}">${inner}</h${depth}>\n`,
    content: Parser.parse([...content], { renderer }),
  }
}

/** Of raw HTML, this is all that the pages have. Anything else is refused, so nothing that Markdown contains can be a script. */
const tag = /^<(?:br|\/?code)>$/
const comment = /^<!--(?:(?!--).)*-->\s*$/s
const picture =
  /^<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">\s*<img alt="([^"<>]+)" src="([^"]+)">\s*<\/picture>\s*$/

class DocsRenderer extends Renderer {
  readonly #page: MarkdownPage
  readonly #links: SiteLinks

  constructor(page: MarkdownPage, links: SiteLinks) {
    super()
    this.#page = page
    this.#links = links
  }

  override html({ text }: Tokens.HTML | Tokens.Tag): string {
    if (comment.test(text)) return ''
    if (tag.test(text)) return text
    const [, dark, alt, light] = picture.exec(text) ?? []
    if (dark !== undefined && light !== undefined && alt !== undefined)
      return this.#picture(alt, light, dark)
    const shown = JSON.stringify(text.trim().slice(0, 80))
    this.#links.report(this.#page, `${shown} is raw HTML, and only pictures and comments may be`)
    return ''
  }

  override text(token: Tokens.Text | Tokens.Escape): string {
    // marked takes what is inside of <code> for HTML.
    return super.text('escaped' in token ? { ...token, escaped: false } : token)
  }

  override image({ text, href }: Tokens.Image): string {
    return this.#picture(escapeHtml(text), href)
  }

  #picture(alt: string, light: string, dark?: string): string {
    const address = (path: string) => escapeHtml(this.#links.show(this.#page, path))
    const img = `<img alt="${alt}" src="${address(light)}" loading="lazy">`
    if (dark === undefined) return img
    const source = `<source media="(prefers-color-scheme: dark)" srcset="${address(dark)}">`
    return `<p><picture>${source}${img}</picture></p>\n`
  }

  override link({ href, tokens, autolink }: Tokens.Link): string {
    const text = this.parser.parseInline(tokens)
    // An example such as http://localhost isn't meant as a link.
    if (autolink === true && !href.startsWith('https:')) return text
    return `<a href="${escapeHtml(this.#links.follow(this.#page, href))}">${text}</a>`
  }

  override heading({ raw }: Tokens.Heading): string {
    this.#links.report(this.#page, `the heading ${JSON.stringify(raw.trim())} is inside of a block`)
    return ''
  }

  override code({ text, lang }: Tokens.Code): string {
    if (lang === 'mermaid') return renderDiagram(text)
    // A block that is too wide scrolls, so the keyboard must reach it.
    return `<div class="code"><pre tabindex="0"><code>${escapeHtml(text)}\n</code></pre></div>\n`
  }

  override table(token: Tokens.Table): string {
    return `<div class="table" role="group" aria-label="Table" tabindex="0">${super.table(token)}</div>\n`
  }

  override tablecell(cell: Tokens.TableCell): string {
    // Screen readers announce a header for each cell, and an empty one says nothing.
    return super.tablecell({ ...cell, header: cell.header && cell.text !== '' })
  }
}

/** The links in Markdown, as they are written. */
export function linksIn(tokens: readonly Token[]): readonly string[] {
  return tokens.flatMap((token) =>
    isLink(token) ? [token.href] : linksIn('tokens' in token ? (token.tokens ?? []) : []),
  )
}

const isLink = (token: Token): token is Tokens.Link => token.type === 'link'

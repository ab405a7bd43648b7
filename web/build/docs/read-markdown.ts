import { lexer, type Token, type Tokens } from 'marked'
import { plainText } from './plain-text.ts'

export interface MarkdownPage {
  /** In the repository, such as `docs/aks.md`. */
  readonly path: string
  /** In the site, such as `docs/aks.html`. */
  readonly file: string
  readonly title: string
  readonly sections: readonly MarkdownSection[]
}

/** A heading with what is below it, until the next heading. */
export interface MarkdownSection {
  readonly depth: number
  readonly title: string
  readonly anchor: string
  /** Of the title. */
  readonly heading: readonly Token[]
  readonly content: readonly Token[]
}

/**
 * Reads a page. Its sections have the anchors that GitHub gives to headings, so that a link works in both places.
 *
 * @throws Error if the page doesn't start with its title
 */
export function readMarkdown(path: string, text: string): MarkdownPage {
  const tokens = lexer(text)
  const headings = tokens.filter(isHeading)
  const anchor = createAnchors()
  const sections = headings.map((heading, index) => {
    const next = headings[index + 1]
    const title = plainText(heading.tokens)
    return {
      ...{ depth: heading.depth, title, anchor: anchor(title), heading: heading.tokens },
      content: tokens.slice(tokens.indexOf(heading) + 1, next && tokens.indexOf(next)),
    }
  })
  const [first] = sections
  if (first?.depth !== 1 || tokens[0] !== headings[0])
    throw new Error(`${path} has no title; start it with a line such as "# Installing"`)
  const file = path === 'README.md' ? 'index.html' : path.replace(/\.md$/, '.html')
  return { path, file, title: first.title, sections }
}

const isHeading = (token: Token): token is Tokens.Heading => token.type === 'heading'

/** GitHub drops punctuation, and numbers the anchors of equal headings. */
function createAnchors(): (title: string) => string {
  const taken = new Map<string, number>()
  return (title) => {
    const anchor = title
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}_\s-]/gu, '')
      .replace(/\s/g, '-')
    const count = taken.get(anchor) ?? 0
    taken.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  }
}

import { existsSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import type { MarkdownPage } from './read-markdown.ts'

interface SiteLinksOptions {
  /** The folder of the repository. */
  readonly root: string
  readonly pages: readonly MarkdownPage[]
  /** Where the files of this version are shown, such as `https://github.com/o/r/blob/main/`. */
  readonly sources: string
}

/** Follows the links of all pages: what is a page leads to it, and other files of the repository lead to their sources. */
export class SiteLinks {
  readonly #options: SiteLinksOptions
  readonly #pages: ReadonlyMap<string, MarkdownPage>
  readonly #pictures = new Set<string>()
  readonly #problems: string[] = []

  constructor(options: SiteLinksOptions) {
    this.#options = options
    this.#pages = new Map(options.pages.map((page) => [page.path, page]))
  }

  /** The pictures that pages show, by their paths in the repository. */
  get pictures(): ReadonlySet<string> {
    return this.#pictures
  }

  /** What is wrong with the pages, in a sentence each. */
  get problems(): readonly string[] {
    return this.#problems
  }

  report(page: MarkdownPage, problem: string): void {
    this.#problems.push(`${page.path}: ${problem}`)
  }

  /** Returns the address of a link, relative to the page that has it. A broken link becomes a problem. */
  follow(from: MarkdownPage, href: string): string {
    if (/^https:\/\/[^/]/.test(href)) return href
    const [path = '', anchor] = href.split('#', 2)
    const target = path === '' ? from.path : posix.join(posix.dirname(from.path), path)
    if (!this.#exists(target)) return this.#broken(from, href, 'no such file')
    const page = this.#pages.get(target)
    if (page === undefined) return this.#source(from, href, target)
    if (anchor !== undefined && !page.sections.some((section) => section.anchor === anchor))
      return this.#broken(from, href, `${target} has no heading of this name`)
    const file = path === '' ? '' : addressOf(from, page.file)
    return anchor === undefined ? file : `${file}#${anchor}`
  }

  /** Returns the address of a picture, relative to the page that shows it. */
  show(from: MarkdownPage, source: string): string {
    const target = posix.join(posix.dirname(from.path), source)
    if (!/^docs\/pictures\/[\w-]+\.svg$/.test(target) || !this.#exists(target))
      return this.#broken(from, source, 'not a picture in docs/pictures')
    this.#pictures.add(target)
    return addressOf(from, target)
  }

  #exists(path: string): boolean {
    return !path.startsWith('..') && existsSync(join(this.#options.root, path))
  }

  #source(from: MarkdownPage, href: string, target: string): string {
    const { root, sources } = this.#options
    if (href.includes('#')) return this.#broken(from, href, 'only pages of the site have anchors')
    const isFolder = statSync(join(root, target)).isDirectory()
    return (isFolder ? sources.replace('/blob/', '/tree/') : sources) + target.replace(/\/$/, '')
  }

  #broken(from: MarkdownPage, href: string, reason: string): string {
    this.report(from, `the link ${href} leads nowhere: ${reason}`)
    return ''
  }
}

/** Returns the address of a file of the site, relative to a page. */
export const addressOf = (from: MarkdownPage, file: string): string =>
  posix.relative(dirname(from.file), file)

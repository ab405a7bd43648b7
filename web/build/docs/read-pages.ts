import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MarkdownPage, readMarkdown } from './read-markdown.ts'

/** Reads the pages of a repository: its own Markdown, and that of `docs`. Folders further down describe sources. */
export function readPages(root: string): readonly MarkdownPage[] {
  return ['', 'docs/'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .sort()
      .map((name) => readMarkdown(folder + name, readFileSync(join(root, folder, name), 'utf8'))),
  )
}

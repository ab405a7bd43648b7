import type { MarkdownPage } from './read-markdown.ts'

interface DocsVersion {
  /** Such as `0.1.0`, or `after 0.1.0` if the changelog has newer changes. */
  readonly name: string
  /** The branch or the tag that has the sources. */
  readonly ref: string
}

/** Says which version the pages describe: each copy of the site has the pages of one. */
export function docsVersion(changelog: MarkdownPage | undefined, version: string): DocsVersion {
  const sections = changelog?.sections ?? []
  const date = sections
    .find(({ title }) => title.startsWith(`[${version}] - `))
    ?.title.slice(`[${version}] - `.length)
  if (date === undefined || !/^\d{4}-\d\d-\d\d$/.test(date))
    return { name: `${version}, not released yet`, ref: 'main' }
  // Of "Unreleased", the changes stand below headings such as "Added".
  const first = sections.findIndex(({ depth }) => depth === 2)
  const isNewer = sections[first]?.title === '[Unreleased]' && sections[first + 1]?.depth === 3
  return isNewer
    ? { name: `after ${version}`, ref: 'main' }
    : { name: `${version} of ${date}`, ref: `v${version}` }
}

import { type Document, isSeq } from 'yaml'
import type { Placeholders } from '../placeholders/placeholders.ts'
import type { FilePlace } from '../text/file-error.ts'
import { type ComposeOptions, composeDocuments, yamlOptions } from './compose-documents.ts'
import type { ListItem, Span } from './cut-list.ts'
import { fillDocument } from './fill-document.ts'

/** One document of a manifest file, or one item of a List that is too large to be one tree. */
export interface Manifest {
  /** The file's name as given; `-` is standard input. */
  readonly source: string
  /** The file. */
  readonly text: string
  /** Gives the line and column of an offset in the file. */
  readonly placeAt: (offset: number) => FilePlace
  /** Where the document is in the file, with the directives above it. */
  readonly section: Span
  /** Where its content is: from the end of `---`, or else of the comments above. */
  readonly span: Span
  /** Where its first value begins. */
  readonly start: number
  /** The version of YAML. A directive of an earlier document may have set it. */
  readonly version: '1.1' | '1.2' | 'next'
  readonly item?: ListItem
  /** What replaces the placeholders of the document. Absent if it has none. */
  readonly placeholders?: Placeholders
}

/** The tree that was asked for last. A tree takes hundreds of times the memory of its text, so only one is kept. */
let latest: { readonly manifest: Manifest; readonly document: Document } | undefined

/** Remembers the tree of a manifest that was just parsed for the first time. */
export function keepTree(manifest: Manifest, document: Document): void {
  fill(document, manifest, { isFirst: true })
  latest = { manifest, document }
}

/**
 * The document as a tree, with the author's comments and spelling, except for comments above `---` and for placeholders. Its
 * places are offsets in the file. If the tree of another document was asked for since, it is parsed again.
 */
export function treeOf(manifest: Manifest): Document {
  if (latest?.manifest !== manifest) {
    const document = parseAgain(manifest)
    fill(document, manifest, { isFirst: false })
    latest = { manifest, document }
  }
  return latest.document
}

function fill(
  document: Document,
  { placeholders, text, placeAt }: Manifest,
  { isFirst }: { readonly isFirst: boolean },
): void {
  if (placeholders) fillDocument(document, { placeholders, text, placeAt, isFirst })
}

/** The same tree with the placeholders as they are written. */
export const writtenTree = (manifest: Manifest): Document =>
  manifest.placeholders === undefined ? treeOf(manifest) : parseAgain(manifest)

/** The document as a tree with its source tokens. */
export const treeWithTokens = (manifest: Manifest): Document =>
  parseAgain(manifest, { keepSourceTokens: true })

function parseAgain(
  { text, section, version, item }: Manifest,
  options?: ComposeOptions,
): Document.Parsed {
  if (item !== undefined) return parseItem(text, item, options)
  const { start, end } = section
  return firstDocument(text.slice(start, end), { ...options, version, offset: start })
}

/** Parses an item of a List as a document of its own. Its places are offsets in the file. */
export function parseItem(
  text: string,
  { span: { start, end }, before, after }: ListItem,
  options?: ComposeOptions,
): Document.Parsed {
  const document = firstDocument(before + text.slice(start, end) + after, {
    ...options,
    offset: start - before.length,
  })
  const { contents } = document
  // A comma at the end of a list is followed by no item.
  if (isSeq(contents)) document.contents = (contents.items[0] ?? null) as typeof contents
  return document
}

function firstDocument(
  text: string,
  options: ComposeOptions & { readonly offset: number },
): Document.Parsed {
  const [document] = composeDocuments(text, { ...yamlOptions, ...options })
  if (document === undefined) throw new Error('the document is gone from its file')
  return document
}

import { type Document, isSeq } from 'yaml'
import type { Placeholders } from '../placeholders/placeholders.ts'
import type { FilePosition } from '../text/file-error.ts'
import { type ComposeOptions, composeDocuments, yamlOptions } from './compose-documents.ts'
import type { ListItem, Span } from './cut-list.ts'
import { type DuplicateKey, keepLastEntries } from './duplicate-keys.ts'
import { fillDocument } from './fill-document.ts'

/** One document of a manifest file, or one item of a List that is too large to be a single tree. */
export interface Manifest {
  /** The file's name as given; `-` is standard input. */
  readonly source: string
  /** The text of the whole file. */
  readonly text: string
  /** Converts an offset in the file to a line and a column. */
  readonly positionAt: (offset: number) => FilePosition
  /** The document's part of the file, including the directives above it. */
  readonly section: Span
  /** The document's content: it begins after `---`, or else after the comments above. */
  readonly span: Span
  /** The offset of its first value. */
  readonly start: number
  /** The version of YAML. A directive of an earlier document may have set it. */
  readonly version: '1.1' | '1.2' | 'next'
  readonly item?: ListItem
  /** The keys that come again in their mappings. The tree has only the last entry of each. Absent if there are none. */
  readonly duplicates?: readonly DuplicateKey[]
  /** The replacements for the document's placeholders. Absent if it has none. */
  readonly placeholders?: Placeholders
}

/** The tree that was used last. Only one is kept, because a tree takes hundreds of times the memory of its text. */
let latest: { readonly manifest: Manifest; readonly document: Document } | undefined

/** Keeps the tree of a manifest that has just been parsed for the first time. */
export function keepTree(manifest: Manifest, document: Document): void {
  fill(document, manifest, { isFirst: true })
  latest = { manifest, document }
}

/**
 * Returns the document as a tree. It has the author's comments and spelling, except for comments above `---` and for
 * placeholders, which are filled. Positions are offsets in the file. Parses the document again if another tree was used
 * in between.
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
  { placeholders, text, positionAt }: Manifest,
  { isFirst }: { readonly isFirst: boolean },
): void {
  if (placeholders) fillDocument(document, { placeholders, text, positionAt, isFirst })
}

/** Returns the tree with the placeholders as the author wrote them. */
export const writtenTree = (manifest: Manifest): Document =>
  manifest.placeholders === undefined ? treeOf(manifest) : parseAgain(manifest)

/** Returns the tree with its source tokens. */
export const treeWithTokens = (manifest: Manifest): Document =>
  parseAgain(manifest, { keepSourceTokens: true })

function parseAgain(
  { text, section: { start, end }, version, item, duplicates }: Manifest,
  options?: ComposeOptions,
): Document.Parsed {
  const document =
    item === undefined
      ? firstDocument(text.slice(start, end), { ...options, version, offset: start })
      : parseItem(text, item, options)
  if (duplicates) keepLastEntries(document)
  return document
}

/** Parses an item of a List as a document of its own. Positions are offsets in the file. */
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
  // A trailing comma isn't followed by an item, so the list is empty.
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

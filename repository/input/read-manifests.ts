import type { Document } from 'yaml'
import { limitHeapGrowth } from '../../command/limit-heap-growth.ts'
import { composeDocuments, yamlOptions } from './document/compose-documents.ts'
import { boundDocument, type Span } from './document/cut-list.ts'
import { type DuplicateKey, keepLastEntries } from './document/duplicate-keys.ts'
import { findMistake } from './document/find-mistake.ts'
import { keepTree, type Manifest, parseItem } from './document/manifest.ts'
import { findChartTemplate } from './objects/find-chart-template.ts'
import { mayHavePlaceholders } from './placeholders/find-placeholders.ts'
import { hasPlaceholder } from './placeholders/open-names.ts'
import type { Placeholders } from './placeholders/placeholders.ts'
import { canRender } from './text/can-render.ts'
import { FileError } from './text/file-error.ts'
import { findTemplate } from './text/find-template.ts'
import { linePositions } from './text/line-positions.ts'
import { readText } from './text/read-text.ts'
import { duplicateSentence } from './text/yaml-mistake.ts'

/** A file of YAML or JSON documents. */
export interface ManifestFile {
  readonly text: string
  /** The documents that aren't empty. */
  readonly manifests: readonly Manifest[]
}

/** How to read manifests. */
interface Reading {
  /** The name of the command, for messages. */
  readonly command: string
  /**
   * Whether to read the items of a large List as documents of their own. Only for commands that don't write the
   * document again.
   */
  readonly splitsLists?: boolean
  /** Whether the last entry counts if a mapping has a key twice. Only for commands that don't write the document again. */
  readonly takesLast?: boolean
  readonly maxTokens?: number
  readonly placeholders?: Placeholders
}

/**
 * The limit for one document, about 50,000 lines: twice as many as the largest custom resource definitions have. A tree
 * takes up to 900 bytes for each token.
 */
const maxDocumentTokens = 200_000

/**
 * Reads a file of YAML or JSON documents.
 *
 * @param file - a path; `-` is standard input
 * @throws FileError, with the position, if something isn't valid YAML or is a template
 */
function readManifestFile(file: string, reading: Reading): ManifestFile {
  const text = readText(file)
  return { text, manifests: parseManifests(text, file, reading) }
}

/** Reads several files (see {@link readManifestFile}). */
export const readManifestFiles = (
  files: readonly string[],
  reading: Reading,
): readonly ManifestFile[] => files.map((file) => readManifestFile(file, reading))

/** Reads the documents of a text (see {@link eachManifest}). */
export const parseManifests = (
  text: string,
  source: string,
  reading: Reading,
): readonly Manifest[] => [...eachManifest(text, source, reading)]

/**
 * Reads the documents of a text one after another. Finish with each before you ask for the next one;
 * otherwise it is parsed a second time.
 *
 * @throws FileError, with the position, if something isn't valid YAML or is a template
 */
export function* eachManifest(
  text: string,
  source: string,
  {
    command,
    splitsLists = false,
    takesLast = false,
    maxTokens = maxDocumentTokens,
    placeholders,
  }: Reading,
): Generator<Manifest> {
  limitHeapGrowth()
  const positionAt = linePositions(text, source)
  const refuseTemplate = (offset: number | undefined) => {
    if (offset !== undefined) throw new FileError(positionAt(offset), renderSentence(command))
  }
  const refuseMistake = (document: Document.Parsed) => {
    const mistake = findMistake(document, text)
    if (mistake === undefined) return
    refuseTemplate(findTemplate(text, 'any'))
    throw new FileError(positionAt(mistake.offset), mistake.sentence)
  }
  const refuse = (offset: number): never => {
    throw new FileError(positionAt(offset), tooLargeSentence(maxTokens, splitsLists))
  }
  // Its items may have been cut out of either entry.
  const refuseDuplicate = ({ key, offset }: DuplicateKey): never => {
    throw new FileError(positionAt(offset), duplicateSentence(key))
  }
  const file = { source, text, positionAt }
  const accept = (document: Document.Parsed): Pick<Manifest, 'duplicates'> => {
    const duplicates = takesLast && document.errors.length === 0 ? keepLastEntries(document) : []
    refuseMistake(document)
    return duplicates.length > 0 ? { duplicates } : {}
  }
  function* manifestOf(
    document: Document.Parsed,
    piece: Pick<Manifest, 'section' | 'item' | 'duplicates'>,
  ) {
    if (document.contents === null) return
    const { start, end } = piece.section
    const manifest: Manifest = {
      ...file,
      ...piece,
      ...(placeholders && mayNeedFilling(text.slice(start, end), placeholders) && { placeholders }),
      span: piece.item?.span ?? contentSpan(document, text),
      start: document.contents.range[0],
      version: document.directives.yaml.version,
    }
    keepTree(manifest, document)
    refuseTemplate(findChartTemplate(manifest))
    yield manifest
  }
  const bound = boundDocument(text, { maxTokens, splitsLists, refuse })
  let end = 0
  for (const document of composeDocuments(text, { ...yamlOptions, onToken: bound.onToken })) {
    const accepted = accept(document)
    const section = { start: end, end: document.range[2] }
    end = section.end
    const items = bound.itemsOf(document)
    if (items === undefined) yield* manifestOf(document, { section, ...accepted })
    else if (accepted.duplicates?.[0]) refuseDuplicate(accepted.duplicates[0])
    for (const item of items ?? []) {
      const part = parseItem(text, item)
      yield* manifestOf(part, { section: item.span, item, ...accept(part) })
    }
  }
}

/** A document without placeholders may have what looks like their stand-ins. */
const mayNeedFilling = (text: string, { chart }: Placeholders): boolean =>
  chart !== undefined || mayHavePlaceholders(text) || hasPlaceholder(text)

function renderSentence(command: string): string {
  const first = canRender(command) ? 'pass the folder of its chart, or ' : ''
  return `is a template; ${first}render it first: helm template NAME CHART | akv-injector ${command} -`
}

const tooLargeSentence = (maxTokens: number, splitsLists: boolean): string =>
  `the document has more than ${maxTokens.toLocaleString('en')} keys, values, marks and line breaks${
    splitsLists ? ', or an item of its list has' : ''
  }; split it into several documents`

function contentSpan({ range: [start, end] }: Document.Parsed, text: string): Span {
  const hasMarker = /^---(?:\s|$)/.test(text.slice(start, start + 4))
  return { start: hasMarker ? start + 3 : start, end }
}

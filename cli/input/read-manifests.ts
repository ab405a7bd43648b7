import {
  Composer,
  type Document,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Pair,
  Parser,
  type Scalar,
  visit,
} from 'yaml'
import { printable } from '../../lib/printable.ts'
import { FileError, type Place } from './text/file-error.ts'
import { findTemplate } from './text/find-template.ts'
import { readText, sourceOf } from './text/read-text.ts'
import { duplicateSentence, type Mistake, yamlMistake } from './text/yaml-mistake.ts'

/** A file of YAML or JSON documents. */
export interface ManifestFile {
  readonly text: string
  /** Without documents that are empty. */
  readonly manifests: readonly Manifest[]
}

/** One document of a manifest file. */
export interface Manifest {
  /** The file's name as given, or `standard input`. */
  readonly source: string
  /** Keeps the author's comments and spelling, except for comments above `---`. */
  readonly document: Document
  readonly span: Span
  /** Gives the line and column of an offset in the file. */
  readonly placeAt: (offset: number) => Place
}

/** Where a document's content is in its file, in UTF-16 units: from the end of `---`, or else of the comments above. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Who reads the manifests, and which templates it refuses. */
export interface Reading {
  /** The command to run with the rendered template. */
  readonly command: string
  /** See {@link findTemplate}; default: `helm`. A text that isn't valid YAML is refused for any template. */
  readonly templates?: 'any' | 'helm'
}

/**
 * Reads a file of YAML or JSON documents.
 *
 * @param file - a path; `-` is standard input
 * @throws FileError with the place of what isn't valid YAML, or is a template
 */
export function readManifestFile(file: string, reading: Reading): ManifestFile {
  const text = readText(file)
  return { text, manifests: parseManifests(text, sourceOf(file), reading) }
}

/** Reads several files (see {@link readManifestFile}). */
export const readManifestFiles = (
  files: readonly string[],
  reading: Reading,
): readonly ManifestFile[] => files.map((file) => readManifestFile(file, reading))

/** The documents of all files (see {@link readManifestFile}). */
export const readManifests = (files: readonly string[], reading: Reading): readonly Manifest[] =>
  readManifestFiles(files, reading).flatMap(({ manifests }) => manifests)

/** As kubectl reads YAML: version 1.1, where 0644 is octal and `yes` a boolean, but without dates. */
export const yamlOptions = {
  version: '1.1',
  customTags: (tags) =>
    tags.filter((tag) => typeof tag === 'string' || !tag.tag.endsWith(':timestamp')),
  prettyErrors: false,
  // The library compares each key with all others.
  uniqueKeys: false,
} as const satisfies ConstructorParameters<typeof Composer>[0]

/**
 * Reads the documents of a text.
 *
 * @throws FileError with the place of what isn't valid YAML, or is a template
 */
export function parseManifests(
  text: string,
  source: string,
  { command, templates = 'helm' }: Reading,
): readonly Manifest[] {
  const counter = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = counter.linePos(Math.min(offset, text.length))
    return { source, line, column: col }
  }
  const refuseTemplate = (kind: 'any' | 'helm') => {
    const offset = findTemplate(text, kind)
    if (offset !== undefined) throw new FileError(placeAt(offset), renderSentence(command))
  }
  const documents = composeDocuments(text, yamlOptions, counter.addNewLine)
  refuseTemplate(templates)
  for (const document of documents) {
    const mistake = mistakeIn(document, text)
    if (mistake === undefined) continue
    refuseTemplate('any')
    throw new FileError(placeAt(mistake.offset), mistake.sentence)
  }
  return documents.flatMap((document) =>
    document.contents === null
      ? []
      : { source, document, span: contentSpan(document, text), placeAt },
  )
}

const renderSentence = (command: string): string =>
  `is a template; render it first: helm template NAME CHART | akv-injector ${command} -`

/**
 * The documents of a text, with errors in those that aren't valid YAML.
 *
 * @param onNewLine - called with the offset of each line
 */
export function composeDocuments(
  text: string,
  options: ConstructorParameters<typeof Composer>[0],
  onNewLine?: (offset: number) => void,
): readonly Document.Parsed[] {
  // Comments above a document's `---` aren't part of it: `inject` copies them from the text.
  const tokens = [...new Parser(onNewLine).parse(text)].filter(({ type }) => type !== 'comment')
  return [...new Composer(options).compose(tokens, false, text.length)]
}

function contentSpan({ range: [start, end] }: Document.Parsed, text: string): Span {
  const hasMarker = /^---(?:\s|$)/.test(text.slice(start, start + 4))
  return { start: hasMarker ? start + 3 : start, end }
}

/** The first reason why a document can't be read. */
function mistakeIn(document: Document.Parsed, text: string): Mistake | undefined {
  const [error] = document.errors
  if (error !== undefined) return yamlMistake(error, document, text)
  let mistake: Mistake | undefined
  const anchors = new Set<string>()
  const stopAt = (offset: number | undefined, sentence: string) => {
    mistake = { offset: offset ?? 0, sentence }
    return visit.BREAK
  }
  visit(document, {
    // The library turns such a key into YAML again, which takes it seconds if a few hundred of them are nested.
    Pair: (_key, { key }) =>
      isCollection(key)
        ? stopAt(key.range?.[0], "a list or a mapping can't be a key in a manifest; quote it")
        : undefined,
    Value: (_key, node) => {
      if (node.anchor) anchors.add(node.anchor)
      const twice = isMap(node) ? duplicateKey(node.items) : undefined
      return twice && stopAt(twice.range?.[0], duplicateSentence(String(twice.value)))
    },
    Alias: (_key, { source, range }) =>
      anchors.has(source)
        ? undefined
        : stopAt(range?.[0], `nothing above has the anchor "${printable(source, 40)}"; add it`),
  })
  return mistake
}

/** The first key that a mapping has twice. */
function duplicateKey(items: readonly Pair[]): Scalar | undefined {
  const seen = new Set<unknown>()
  for (const { key } of items) {
    if (!isScalar(key)) continue
    if (seen.has(key.value)) return key
    seen.add(key.value)
  }
  return undefined
}

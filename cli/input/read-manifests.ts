import { readFileSync } from 'node:fs'
import { Composer, type Document, isCollection, Parser, parseAllDocuments, visit } from 'yaml'
import { InputError } from './input-error.ts'
import { readStandardInput } from './read-standard-input.ts'

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
}

/** Where a document's content is in its file, in UTF-16 units: from the end of `---`, or else of the comments above. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * Reads files of YAML or JSON documents.
 *
 * @param files - paths; `-` is standard input
 * @param options - `refuse`: called with each text before it is parsed; may throw
 * @throws InputError naming the file, and the line that isn't valid YAML
 */
export function readManifestFiles(
  files: readonly string[],
  { refuse }: { readonly refuse?: (text: string, source: string) => void } = {},
): readonly ManifestFile[] {
  return files.map((file) => {
    const text = readText(file)
    const source = file === '-' ? 'standard input' : file
    refuse?.(text, source)
    return { text, manifests: parseManifests(text, source) }
  })
}

/** The documents of all files (see {@link readManifestFiles}). */
export const readManifests = (files: readonly string[]): readonly Manifest[] =>
  readManifestFiles(files).flatMap(({ manifests }) => manifests)

/** @throws InputError when the file can't be read, or isn't text in UTF-8 */
export function readText(file: string): string {
  try {
    return decoder.decode(file === '-' ? readStandardInput() : readFileSync(file))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reasons: Record<string, string> = {
      ENOENT: 'no such file',
      EISDIR: 'is a directory; pass files',
      EACCES: 'permission denied',
      ERR_ENCODING_INVALID_ENCODED_DATA: 'is not valid UTF-8',
    }
    throw new InputError(`${file}: ${reasons[code ?? ''] ?? message}`)
  }
}

/** Keeps a byte order mark, so that `inject` can write it again. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** As kubectl reads YAML: version 1.1, where 0644 is octal and `yes` a boolean, but without dates. */
export const yamlOptions = {
  version: '1.1',
  customTags: (tags) =>
    tags.filter((tag) => typeof tag === 'string' || !tag.tag.endsWith(':timestamp')),
} as const satisfies ConstructorParameters<typeof Composer>[0]

/**
 * Reads the documents of a text.
 *
 * @throws InputError naming the source, and the line that isn't valid YAML
 */
export function parseManifests(text: string, source: string): readonly Manifest[] {
  // Comments above a document's `---` aren't part of it: `inject` copies them from the text.
  const tokens = [...new Parser().parse(text)].filter(({ type }) => type !== 'comment')
  const documents = [...new Composer(yamlOptions).compose(tokens, false, text.length)]
  if (documents.some(({ errors }) => errors.length > 0)) throw notYaml(text, source)
  return documents.flatMap((document) => {
    refuseCollectionKeys(document, source)
    if (document.contents === null) return []
    return { source, document, span: contentSpan(document, text) }
  })
}

function contentSpan({ range: [start, end] }: Document.Parsed, text: string): Span {
  const hasMarker = /^---(?:\s|$)/.test(text.slice(start, start + 4))
  return { start: hasMarker ? start + 3 : start, end }
}

/** The library turns such a key into YAML again, which takes it seconds if a few hundred of them are nested. */
function refuseCollectionKeys(document: Document.Parsed, source: string): void {
  visit(document, {
    Pair: (_key, { key }) => {
      if (isCollection(key))
        throw new InputError(`${source}: a list or a mapping can't be a key in a manifest`)
    },
  })
}

/** The library's message: a sentence with line and column, then the lines that it refers to. */
function notYaml(text: string, source: string): InputError {
  const errors = parseAllDocuments(text, yamlOptions).flatMap((document) => document.errors)
  const [sentence = '', ...excerpt] = errors[0]?.message.trim().split('\n') ?? []
  return new InputError(`${source}: ${sentence}`, excerpt)
}

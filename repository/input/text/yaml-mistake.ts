import { type Document, visit, type YAMLParseError } from 'yaml'
import { printable } from '../../../lib/printable.ts'

/** Sentences that explain a YAML error to the author of a manifest. `found` is the text at the error's position. */
const sentences: Partial<Record<YAMLParseError['code'], (found: string) => string>> = {
  TAB_AS_INDENT: () => 'found a tab as indentation; use spaces',
  BAD_INDENT: (found) =>
    `"${found}" is indented differently from the lines that it belongs to; align it`,
  BLOCK_AS_IMPLICIT_KEY: (found) =>
    `found another mapping, "${found}", on the line of its key; quote the value, or indent the mapping on its own line`,
  MULTILINE_IMPLICIT_KEY: (found) =>
    `found "${found}", which isn't a key followed by a colon and a space; write KEY: VALUE`,
  BAD_SCALAR_START: (found) => `a value can't begin with "${found}"; quote it`,
  BAD_DQ_ESCAPE: (found) =>
    `"${found}" isn't a valid escape in double quotes; use single quotes, or double the backslash`,
  BAD_ALIAS: (found) => `found "${found}" without a name; quote the value`,
  BLOCK_IN_FLOW: (found) =>
    `found "${found}" inside brackets or braces; separate the items with commas`,
  KEY_OVER_1024_CHARS: () => 'a key is longer than 1024 characters; shorten it',
  MULTIPLE_ANCHORS: () => 'the value has two anchors; remove one',
  RESOURCE_EXHAUSTION: () => 'is nested too deeply; flatten it',
  UNEXPECTED_TOKEN: (found) =>
    `found "${found}", which YAML doesn't expect here; check the indentation, quotes and brackets above it`,
}

/** Why a text isn't a manifest, and the offset of the mistake. */
export interface Mistake {
  readonly offset: number
  readonly sentence: string
}

/** The sentence for a duplicate key. The library isn't asked to find those. */
export const duplicateSentence = (key: string): string =>
  `the mapping has the key "${printable(key, 40)}" twice; remove one`

/** Explains an error of the YAML library: what was found, and what to do. */
export function yamlMistake(
  error: YAMLParseError,
  document: Document.Parsed,
  text: string,
): Mistake {
  const { code, pos } = error
  if (code !== 'MISSING_CHAR') return { offset: pos[0], sentence: sentenceOf(error, text) }
  const opening = error.message.includes('quote') ? openingQuote(document, pos[0]) : undefined
  return opening === undefined
    ? {
        offset: pos[0],
        sentence: 'a comma, a colon or a closing bracket is missing before this place; add it',
      }
    : {
        offset: opening,
        sentence: `the value ${lineAt(text, opening)} has no closing quote; add it`,
      }
}

/** Returns where the last quoted value before an offset begins. The library reports where its end is missing. */
function openingQuote(document: Document.Parsed, before: number): number | undefined {
  let opening: number | undefined
  visit(document, {
    Scalar: (_key, { type, range }) => {
      if (type?.startsWith('QUOTE') && range && range[0] < before) opening = range[0]
    },
  })
  return opening
}

function sentenceOf({ code, pos }: YAMLParseError, text: string): string {
  const sentence = sentences[code] ?? ((found) => `"${found}" isn't valid YAML here; correct it`)
  const found = lineAt(text, pos[0], lengthOf(code))
  return found === '' && (code === 'UNEXPECTED_TOKEN' || code === 'BAD_INDENT')
    ? 'the text ends where YAML expects more; complete it'
    : sentence(found)
}

/** How many characters of the line the sentence shows. Undefined for the whole line. */
function lengthOf(code: YAMLParseError['code']): number | undefined {
  switch (code) {
    case 'BAD_SCALAR_START':
    case 'BAD_ALIAS':
      return 1
    case 'BAD_DQ_ESCAPE':
      return 2
    default:
      return undefined
  }
}

/** Returns the text from an offset to the end of its line, shortened and made printable. */
function lineAt(text: string, offset: number, length?: number): string {
  const [line = ''] = text
    .slice(offset, offset + 200)
    .trimStart()
    .split(/\r?\n/)
  return printable(line.slice(0, length).trimEnd(), 40)
}

import { printable } from '../../text/printable.ts'
import type { Parsed } from '../reference.ts'
import { childrenOfJson, compactJson, jsonKind } from './json-text.ts'

/** Each step reads its part of the document once more; no configuration is nested as deep. */
const maxSegments = 64

export type Picked = Parsed<string> & {
  /** The value is JSON, and has no such property. */
  readonly isAbsent?: true
}

/**
 * What `#a.b.0` picks from a JSON value: keys and indexes, parted by dots. Where the path misses, a key that holds dots
 * itself is tried, the shorter one first. A text gives its characters; everything else its JSON as it stands in the
 * document, so that 1.10 stays 1.10 and no digit of a long number is lost; objects and arrays without blanks.
 *
 * The problem names the path as far as it matched, and never repeats the value.
 */
export function pickProperty(json: string, path: string): Picked {
  const document = readDocument(json)
  if ('problem' in document) return document
  const segments = path.split('.')
  if (segments.length > maxSegments)
    return { problem: `property "${printable(path)}" has over ${maxSegments} parts` }
  const search: Search = { segments, matched: 0, miss: document.value }
  const found = follow(document.value, 0, search)
  return found === undefined
    ? { problem: describeMiss(search), isAbsent: true }
    : textOf(found, `property "${printable(path)}"`)
}

/** Every property that the JSON object has at its top, for `#*`: names as they are, values as by {@link pickProperty}. */
export function allProperties(
  json: string,
): Parsed<readonly { readonly name: string; readonly value: string }[]> {
  const document = readDocument(json)
  if ('problem' in document) return document
  if (jsonKind(document.value) !== 'object')
    return { problem: `the value is ${describeKind(document.value)}; "#*" needs a JSON object` }
  const properties: { name: string; value: string }[] = []
  for (const [name, text] of childrenOfJson(document.value)) {
    if (!name.isWellFormed()) return { problem: 'one of its keys is no text that UTF-8 can hold' }
    const value = textOf(text, propertyNumber(properties.length))
    if ('problem' in value) return value
    properties.push({ name, value: value.value })
  }
  return { value: properties }
}

/** What a message calls a property that `#*` found, from 0 on: its name is a part of the value. */
export const propertyNumber = (index: number): string => `property number ${index + 1}`

/** How far the search has come: of all ways through the document, the one that used the most segments. */
interface Search {
  readonly segments: readonly string[]
  matched: number
  miss: string
}

/** Each part of the document is come to at most once: by the one path that leads to it. */
function follow(json: string, from: number, search: Search): string | undefined {
  const { segments } = search
  if (from === segments.length) return json
  if (from > search.matched) {
    search.matched = from
    search.miss = json
  }
  const children = childrenOfJson(json)
  for (let to = from + 1; to <= segments.length; to++) {
    const child = children.get(segments.slice(from, to).join('.'))
    const found = child === undefined ? undefined : follow(child, to, search)
    if (found !== undefined) return found
  }
  return undefined
}

function describeMiss({ segments, matched, miss }: Search): string {
  const there =
    matched === 0 ? 'the value' : `property "${printable(segments.slice(0, matched).join('.'))}"`
  const rest = printable(segments.slice(matched).join('.'))
  return `${there} is ${describeKind(miss)} and has no "${rest}"`
}

function describeKind(json: string): string {
  const kind = jsonKind(json)
  return kind === 'object' || kind === 'array' ? `a JSON ${kind}` : 'neither an object nor an array'
}

function readDocument(json: string): Parsed<string> {
  // RFC 8259, 8.1: a parser may pass over a byte order mark, which editors on Windows write.
  const text = json.startsWith('\uFEFF') ? json.slice(1) : json
  try {
    JSON.parse(text)
    return { value: text }
  } catch {
    return { problem: 'the value is not JSON, so no property can be picked from it' }
  }
}

function textOf(json: string, what: string): Parsed<string> {
  const compact = compactJson(json)
  const value = jsonKind(compact) === 'string' ? String(JSON.parse(compact)) : compact
  return value.isWellFormed() ? { value } : { problem: `${what} is no text that UTF-8 can hold` }
}

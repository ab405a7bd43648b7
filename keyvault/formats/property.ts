import type { Parsed } from '../../lib/parsed.ts'
import { printable } from '../../lib/printable.ts'
import { type CpuBudget, createCpuBudget } from './cpu-budget.ts'
import { compactJson, indexJson, type JsonPart } from './json-text.ts'

/** No configuration is nested as deep. */
const maxSegments = 64
/** What the search for one property may read of names. Only a document made for the purpose needs as much. */
const maxSearchedCharacters = 4 * 1024 * 1024

/** Microseconds for each character of a JSON text to parse and to index, or to copy. */
const indexCost = 0.15
const copyCost = 0.05
const lookUpCost = 0.2
const lookUpCharacterCost = 0.002

export type Picked = Parsed<string> & {
  /** The value is JSON, and has no such property. */
  readonly isAbsent?: true
}

/** A JSON value that has been parsed once, for any number of properties. */
export interface JsonDocument {
  readonly text: string
  readonly root: JsonPart
}

/** Parses a JSON value. The problem never repeats the value. */
export function readJsonDocument(json: string, budget = createCpuBudget()): Parsed<JsonDocument> {
  budget.charge(json.length * indexCost)
  // RFC 8259, 8.1: a parser may pass over a byte order mark, which editors on Windows write.
  const text = json.startsWith('\uFEFF') ? json.slice(1) : json
  try {
    JSON.parse(text)
  } catch {
    return { problem: 'the value is not JSON, so no property can be picked from it' }
  }
  return { value: { text, root: indexJson(text) } }
}

/**
 * What `#a.b.0` picks from a JSON value: keys and indexes, parted by dots. If the path misses, a key that contains dots
 * itself is tried, the shorter one first. A null counts as absent. A string gives its characters; everything else its JSON as it stands in the
 * document, so that 1.10 stays 1.10 and no digit of a long number is lost; objects and arrays without blanks.
 *
 * The problem names the path as far as it matched, and never repeats the value.
 */
export function pickProperty(
  document: JsonDocument,
  path: string,
  budget = createCpuBudget(),
): Picked {
  const segments = path.split('.', maxSegments + 1)
  if (segments.length > maxSegments)
    return { problem: `property "${printable(path)}" has over ${maxSegments} parts` }
  const { root, text } = document
  const search: Search = { segments, text, budget, read: 0, matched: 0, miss: root }
  const found = follow(root, 0, search)
  if (search.read > maxSearchedCharacters)
    return { problem: `property "${printable(path)}" can be read in too many ways` }
  return found === undefined
    ? { problem: describeMiss(search), isAbsent: true }
    : textOf(found, { document, budget, what: `property "${printable(path)}"` })
}

/**
 * Every property that the JSON object has at its top, for `#*`: names as they are, values as by {@link pickProperty}. One
 * that is null counts as absent.
 */
export function allProperties(
  document: JsonDocument,
  budget = createCpuBudget(),
): Parsed<readonly { readonly name: string; readonly value: string }[]> {
  const { root } = document
  if (root.kind !== 'object')
    return { problem: `the value is ${describeKind(root)}; "#*" needs a JSON object` }
  const properties: { name: string; value: string }[] = []
  for (const [name, part] of root.children) {
    if (isNull(part, document.text)) continue
    if (!name.isWellFormed()) return { problem: 'one of its keys is not valid Unicode text' }
    const value = textOf(part, { document, budget, what: propertyNumber(properties.length) })
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
  /** The whole document. */
  readonly text: string
  readonly budget: CpuBudget
  /** Characters of names that were looked up. */
  read: number
  matched: number
  miss: JsonPart
}

/** Each part of the document is come to at most once: by the one path that leads to it. */
function follow(part: JsonPart, from: number, search: Search): JsonPart | undefined {
  const { segments, budget } = search
  // A null says that there is no value; a key that contains dots may still have one.
  if (from === segments.length && !isNull(part, search.text)) return part
  if (from > search.matched) {
    search.matched = from
    search.miss = part
  }
  if (!('children' in part)) return undefined
  let name = ''
  for (let to = from + 1; to <= segments.length; to++) {
    name += (to === from + 1 ? '' : '.') + segments[to - 1]
    // No key is longer than the text that it stands in.
    if (name.length > part.end - part.start || search.read > maxSearchedCharacters) return undefined
    budget.charge(lookUpCost + name.length * lookUpCharacterCost)
    search.read += name.length + 1
    const child = part.children.get(name)
    const found = child === undefined ? undefined : follow(child, to, search)
    if (found !== undefined) return found
  }
  return undefined
}

function describeMiss({ segments, text, matched, miss }: Search): string {
  const there =
    matched === 0 ? 'the value' : `property "${printable(segments.slice(0, matched).join('.'))}"`
  if (isNull(miss, text)) return `${there} is null`
  const rest = printable(segments.slice(matched).join('.'))
  return `${there} is ${describeKind(miss)} and has no "${rest}"`
}

/** Nothing else in JSON begins like this. */
const isNull = ({ kind, start }: JsonPart, text: string): boolean =>
  kind === 'other' && text.startsWith('null', start)

const describeKind = ({ kind }: JsonPart): string =>
  kind === 'object' || kind === 'array' ? `a JSON ${kind}` : 'neither an object nor an array'

function textOf(
  { kind, start, end }: JsonPart,
  options: {
    readonly document: JsonDocument
    readonly budget: CpuBudget
    readonly what: string
  },
): Parsed<string> {
  const { document, budget, what } = options
  budget.charge(1 + (end - start) * copyCost)
  const json = document.text.slice(start, end)
  const value = kind === 'string' ? String(JSON.parse(json)) : compactJson(json)
  return value.isWellFormed() ? { value } : { problem: `${what} is not valid Unicode text` }
}

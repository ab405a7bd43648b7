import { type CpuBudget, createCpuBudget } from '../../lib/cpu-budget.ts'
import { printable } from '../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { compactJson, indexJson, type JsonPart } from './json-text.ts'
import { propertyNumber } from './property-number.ts'

/** No real configuration is nested this deeply. */
const maxSegments = 64
/** How many characters of names the search for one property may read. Only a hostile document needs that many. */
const maxSearchedCharacters = 4 * 1024 * 1024

/** The cost per character of a JSON text in microseconds, to parse and index it, or to copy it. */
const indexCost = 0.15
const copyCost = 0.05
const lookUpCost = 0.2
const lookUpCharacterCost = 0.002

type Picked = Parsed<string> & {
  /** The value is JSON, but has no such property. */
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
  // A parser may ignore a byte order mark (RFC 8259, 8.1). Editors on Windows write one.
  const text = json.startsWith('\uFEFF') ? json.slice(1) : json
  try {
    JSON.parse(text)
  } catch {
    return invalid('the value is not JSON, so no property can be picked from it')
  }
  return valid({ text, root: indexJson(text) })
}

/** Who defines what a path means: our annotations, or gjson, the library of the External Secrets Operator. */
type PropertyLookup = 'annotation' | 'gjson'

/**
 * Picks the property `#a.b.0` from a JSON value. Dots separate keys and indexes. If the path doesn't exist, keys that
 * contain dots are tried, shorter keys first. A null counts as absent. Of equal keys in an object, the last one counts.
 * The result is the text of a string; for any other value, its JSON as the document has it, so that 1.10 stays 1.10 and
 * a long number keeps all its digits, but without the blanks in objects and arrays.
 *
 * As for gjson and the operator, `lookup: 'gjson'` takes the first value to which the path leads in the document's order,
 * whatever comes after an equal key, and otherwise the top-level key that is equal to the whole path. A null is a value
 * there, and it is reported as absent.
 *
 * The problem names the part of the path that exists, and never repeats the value.
 */
export function pickProperty(
  document: JsonDocument,
  path: string,
  {
    budget = createCpuBudget(),
    lookup = 'annotation',
  }: { readonly budget?: CpuBudget; readonly lookup?: PropertyLookup } = {},
): Picked {
  const what = `property "${printable(path)}"`
  const segments = path.split('.', maxSegments + 1)
  if (segments.length > maxSegments) return invalid(`${what} has over ${maxSegments} parts`)
  const { root, text } = document
  const searchFor = (segments: readonly string[]): Search => ({
    segments,
    lookup,
    text,
    budget,
    read: 0,
    matched: 0,
    miss: root,
  })
  const search = searchFor(segments)
  const searches = lookup === 'gjson' ? [search, searchFor([path])] : [search]
  for (const search of searches) {
    const found = follow(root, 0, search)
    if (search.read > maxSearchedCharacters) return invalid(`${what} can be read in too many ways`)
    if (found !== undefined)
      return isNull(found, text) ? absent(search) : textOf(found, { document, budget, what })
  }
  return absent(search)
}

const absent = (search: Search): Picked => ({ ...invalid(describeMiss(search)), isAbsent: true })

/**
 * Returns all top-level properties of a JSON object, for `#*`: names unchanged, values as from {@link pickProperty}. A
 * property that is null counts as absent.
 */
export function allProperties(
  document: JsonDocument,
  budget = createCpuBudget(),
): Parsed<readonly { readonly name: string; readonly value: string }[]> {
  const { root } = document
  if (root.kind !== 'object')
    return invalid(`the value is ${describeKind(root)}; "#*" needs a JSON object`)
  const properties: { name: string; value: string }[] = []
  for (const [name, part] of root.children) {
    if (isNull(part, document.text)) continue
    if (!name.isWellFormed()) return invalid('one of its keys is not valid Unicode text')
    const value = textOf(part, { document, budget, what: propertyNumber(properties.length) })
    if (value.kind === 'invalid') return value
    properties.push({ name, value: value.value })
  }
  return valid(properties)
}

/** The progress of the search: the path through the document that has matched the most segments so far. */
interface Search {
  readonly segments: readonly string[]
  readonly lookup: PropertyLookup
  /** The whole document. */
  readonly text: string
  readonly budget: CpuBudget
  /** The number of characters of all names that were looked up. */
  read: number
  matched: number
  miss: JsonPart
}

/** Visits each part of the document at most once, because only one path leads to it. */
function follow(part: JsonPart, from: number, search: Search): JsonPart | undefined {
  const { segments, lookup } = search
  if (from > search.matched) {
    search.matched = from
    search.miss = part
  }
  // An annotation can't request null. The search then continues with keys that contain dots.
  if (from === segments.length && (lookup === 'gjson' || !isNull(part, search.text))) return part
  if (!('children' in part)) return undefined
  const longest = lookup === 'gjson' || part.kind === 'array' ? from + 1 : segments.length
  let name = ''
  for (let to = from + 1; to <= longest; to++) {
    name += (to === from + 1 ? '' : '.') + segments[to - 1]
    // No key is longer than the text that contains it. An index may begin with any number of zeros.
    const isTooLong = part.kind === 'object' && name.length > part.end - part.start
    if (isTooLong || search.read > maxSearchedCharacters) return undefined
    for (const child of childrenOf(part, name, search)) {
      const found = follow(child, to, search)
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** The values of a key or an index, in the order in which they are tried. */
function childrenOf(
  { kind, children }: Extract<JsonPart, { children: unknown }>,
  name: string,
  search: Search,
): readonly JsonPart[] {
  search.budget.charge(lookUpCost + name.length * lookUpCharacterCost)
  search.read += name.length + 1
  const last = children.get(kind === 'array' ? name.replace(/^0+(?=\d)/, '') : name)
  if (last === undefined) return []
  if (search.lookup === 'annotation') return [last]
  const all: JsonPart[] = []
  for (let part: JsonPart | undefined = last; part !== undefined; part = part.earlier)
    all.push(part)
  search.budget.charge(all.length * lookUpCost)
  return all.reverse()
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
  return value.isWellFormed() ? valid(value) : invalid(`${what} is not valid Unicode text`)
}

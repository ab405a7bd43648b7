/** Splits valid JSON as text, because `JSON.parse` would lose the notation of numbers and the order of keys. */

/** The position of a value inside a JSON text. */
export type JsonPart =
  | (Span & { readonly kind: 'string' | 'other' })
  | (Span & {
      readonly kind: 'object' | 'array'
      /** By key or index, in the document's order. If a key occurs twice, the last one counts, as for `JSON.parse`. */
      readonly children: ReadonlyMap<string, JsonPart>
    })

interface Span {
  readonly start: number
  readonly end: number
  /** The value before this one with the same key in the same object. */
  readonly earlier: JsonPart | undefined
}

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** Removes the blanks between the tokens of a JSON text. */
export function compactJson(json: string): string {
  return json.match(tokens)?.join('') ?? ''
}

interface OpenPart {
  readonly kind: 'object' | 'array'
  readonly start: number
  end: number
  readonly earlier: JsonPart | undefined
  readonly children: Map<string, JsonPart>
}

/**
 * Indexes a JSON text in one pass, so that any number of properties can be picked from it.
 *
 * @param json - text that `JSON.parse` accepts
 */
export function indexJson(json: string): JsonPart {
  const open: OpenPart[] = []
  let key: string | undefined
  let root: JsonPart = { kind: 'other', start: 0, end: 0, earlier: undefined }
  for (const { 0: token, index: start } of json.matchAll(tokens)) {
    if (token === ',' || token === ':') continue
    const end = start + token.length
    const parent = open.at(-1)
    if (parent !== undefined && (token === '}' || token === ']')) {
      parent.end = end
      open.pop()
    } else if (parent?.kind === 'object' && key === undefined) {
      key = String(JSON.parse(token))
    } else {
      const earlier = key === undefined ? undefined : parent?.children.get(key)
      const part = partOf(token, { start, end, earlier })
      if (parent === undefined) root = part
      else parent.children.set(key ?? `${parent.children.size}`, part)
      key = undefined
      if ('children' in part) open.push(part)
    }
  }
  return root
}

function partOf(token: string, span: Span): OpenPart | (Span & { kind: 'string' | 'other' }) {
  if (token === '{') return { kind: 'object', ...span, children: new Map() }
  if (token === '[') return { kind: 'array', ...span, children: new Map() }
  return { kind: token.startsWith('"') ? 'string' : 'other', ...span }
}

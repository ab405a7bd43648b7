/** Takes valid JSON apart as text, where `JSON.parse` would lose how it was written. Give it what that has accepted. */

type JsonKind = 'object' | 'array' | 'string' | 'other'

const token = /"(?:[^"\\]+|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

export function jsonKind(json: string): JsonKind {
  const start = json.trimStart()[0]
  return start === '{' ? 'object' : start === '[' ? 'array' : start === '"' ? 'string' : 'other'
}

/** The same JSON without the blanks between its tokens. */
export function compactJson(json: string): string {
  return json.match(token)?.join('') ?? ''
}

/**
 * The texts of what an object holds, by its keys, in the document's order, or an array, by its indexes. Empty for all
 * else. Of a key that stands there twice the last one counts, as `JSON.parse` has it.
 */
export function childrenOfJson(json: string): ReadonlyMap<string, string> {
  const children = new Map<string, string>()
  const isObject = jsonKind(json) === 'object'
  if (!isObject && jsonKind(json) !== 'array') return children
  let depth = 0
  let key: string | undefined
  let start = 0
  for (const { 0: text, index } of json.matchAll(token)) {
    const isEnd = depth === 1 && (text === ',' || text === ']' || text === '}')
    if (isEnd) {
      const child = json.slice(start, index)
      if (child.trim() !== '') children.set(key ?? `${children.size}`, child)
      key = undefined
    }
    if (isObject && depth === 1 && key === undefined && text.startsWith('"'))
      key = String(JSON.parse(text))
    if (depth === 0 || isEnd || (isObject && depth === 1 && text === ':')) start = index + 1
    if (text === '{' || text === '[') depth += 1
    else if (text === '}' || text === ']') depth -= 1
  }
  return children
}

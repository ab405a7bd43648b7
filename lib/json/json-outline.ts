import {
  backslash,
  closeBrace,
  closeBracket,
  colon,
  commaByte,
  openBrace,
  openBracket,
  quoteByte,
} from './json-bytes.ts'

/** Where a text stands in a JSON document. `*` stands for any member of an object or any item of a list. */
export type OutlinePath = readonly string[]

/** The strings of a document at a few places, in objects and lists as they are in the document. */
export type Outline = { [name: string]: Outline | string } | (Outline | string)[]

interface Level {
  readonly isList: boolean
  /** The name of the member, or the index of the item, that is being read. */
  name: string
  index: number
  /** Whether the next string is the name of a member. */
  isAtName: boolean
}

/**
 * Reads a JSON text part by part, and keeps only the strings at the given places: for a text that is too large to be parsed.
 * It takes a few nanoseconds for each byte, and no memory besides what it keeps.
 *
 * @param options - `maxBytes`: of all strings that are kept; later ones are left out
 */
export function createJsonOutline({
  paths,
  maxBytes,
}: {
  readonly paths: readonly OutlinePath[]
  readonly maxBytes: number
}) {
  const maxLevels = Math.max(...paths.map((path) => path.length))
  const root: Outline = {}
  const levels: Level[] = []
  let depth = 0
  let inString = false
  let isEscaped = false
  /** The parts of the string that is being read, if it may be wanted. */
  let parts: Buffer[] | undefined
  let leftBytes = maxBytes

  const isWanted = () =>
    paths.some(
      (path) =>
        path.length === levels.length &&
        path.every((name, at) => name === '*' || name === levels[at]?.name),
    )
  function beginString(): void {
    inString = true
    const level = levels.at(-1)
    const mayMatter = depth === levels.length && level !== undefined
    parts = mayMatter && (level.isAtName || isWanted()) ? [] : undefined
  }
  function endString(): void {
    inString = false
    const level = levels.at(-1)
    if (parts === undefined || level === undefined) return
    const text = readString(Buffer.concat(parts))
    parts = undefined
    if (level.isAtName) level.name = text
    else keep(text)
  }
  function keep(text: string): void {
    let place = root as Record<string, Outline | string>
    for (const [at, { name }] of levels.slice(0, -1).entries()) {
      const next = Object.hasOwn(place, name) ? place[name] : undefined
      const nested = typeof next === 'object' ? next : levels[at + 1]?.isList ? [] : {}
      define(place, name, nested)
      place = nested as Record<string, Outline | string>
    }
    define(place, levels.at(-1)?.name ?? '', text)
  }
  /** Names longer than this aren't at a wanted place. */
  const maxNameBytes = 512
  function addPart(part: Buffer): void {
    if (parts === undefined || part.length === 0) return
    const isName = levels.at(-1)?.isAtName === true
    const length = parts.reduce((sum, buffer) => sum + buffer.length, part.length)
    if (isName ? length > maxNameBytes : part.length > leftBytes) parts = undefined
    else parts.push(part)
    if (!isName && parts !== undefined) leftBytes -= part.length
    const level = levels.at(-1)
    if (isName && parts === undefined && level) level.name = ''
  }
  function open(isList: boolean): void {
    if (depth === levels.length && depth < maxLevels)
      levels.push({ isList, name: isList ? '0' : '', index: 0, isAtName: !isList })
    depth++
  }
  function close(): void {
    if (depth === levels.length) levels.pop()
    depth--
  }
  function comma(): void {
    const level = levels.at(-1)
    if (depth !== levels.length || level === undefined) return
    level.isAtName = !level.isList
    if (level.isList) level.name = String(++level.index)
  }

  return {
    /** Reads the next part. */
    read(json: Uint8Array): void {
      const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength)
      let begin = 0
      for (let at = 0; at < bytes.length; at++) {
        const byte = bytes[at]
        if (inString) {
          if (isEscaped) isEscaped = false
          else if (byte === backslash) isEscaped = true
          else if (byte === quoteByte) {
            addPart(Buffer.from(bytes.subarray(begin, at)))
            endString()
          }
          continue
        }
        switch (byte) {
          case quoteByte:
            beginString()
            begin = at + 1
            break
          case openBrace:
          case openBracket:
            open(byte === openBracket)
            break
          case closeBrace:
          case closeBracket:
            close()
            break
          case colon: {
            const level = levels.at(-1)
            if (depth === levels.length && level) level.isAtName = false
            break
          }
          case commaByte:
            comma()
            break
        }
      }
      if (inString) addPart(Buffer.from(bytes.subarray(begin)))
    },
    /** The outline of the text so far. */
    outline: (): Outline => withDenseLists(root) as Outline,
  }
}

const define = (place: object, name: string, value: unknown): void =>
  void Object.defineProperty(place, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })

/** Items of lists that have nothing wanted leave holes. */
const withDenseLists = (value: Outline | string): Outline | string => {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return Object.values(value).map(withDenseLists)
  const members = Object.entries(value).map(([name, part]) => [name, withDenseLists(part)] as const)
  return Object.fromEntries(members)
}

/** A string that isn't valid JSON counts as empty. */
function readString(bytes: Buffer): string {
  try {
    return String(JSON.parse(`"${bytes.toString()}"`))
  } catch {
    return ''
  }
}

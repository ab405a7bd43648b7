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
import { findMember, type OutlinePath, type WantedPlace, wantedPlaces } from './wanted-places.ts'

/** The strings of a document at a few places, in objects and lists as they are in the document. */
type Outline = { [name: string]: Outline | string } | (Outline | string)[]

/** An object or a list in which something is wanted. */
interface Level {
  readonly wanted: WantedPlace
  readonly isList: boolean
  /** What it becomes in the outline. Absent until it has a wanted string. */
  kept: Outline | undefined
  /** The place of the member or the item that is being read, if it is wanted, and the name of the member. */
  member: WantedPlace | undefined
  name: string
  /** Whether the next string is the name of a member. */
  isAtName: boolean
}

/** Names longer than this aren't at a wanted place. */
const maxNameBytes = 512
/** What each string that is kept takes besides its bytes. */
const stringBytes = 128

/**
 * Reads a JSON text part by part, and keeps only the strings at the given places: for a text that is too large to be parsed. An
 * object or a list with nothing wanted in it is skipped without reading its names, so it takes a few nanoseconds for each byte,
 * and no memory.
 */
export class JsonOutline {
  readonly #root: Outline = {}
  readonly #wanted: WantedPlace
  /** Those that are open, the outermost first. */
  readonly #levels: Level[] = []
  /** How many objects and lists are open of which nothing is wanted. While there are any, everything is skipped. */
  #skippedLevels = 0
  #inString = false
  #isEscaped = false
  /** The parts of the string that is being read, if it may be wanted. */
  #parts: Buffer[] | undefined

  /** @param options - `maxBytes`: of the strings that are kept for each path; later ones are left out */
  constructor(options: { readonly paths: readonly OutlinePath[]; readonly maxBytes: number }) {
    this.#wanted = wantedPlaces(options.paths, options.maxBytes)
  }

  /** The outline of the text so far. */
  get outline(): Outline {
    return this.#root
  }

  /** Reads the next part. */
  read(json: Uint8Array): void {
    const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength)
    for (let at = 0; at < bytes.length; )
      if (this.#inString) at = this.#readString(bytes, at)
      else if (this.#skippedLevels > 0) at = this.#skip(bytes, at)
      else at = this.#readStructure(bytes, at)
  }

  /** Reads up to the next string, or to an object or a list that is skipped. Returns where to go on. */
  #readStructure(bytes: Buffer, begin: number): number {
    for (let at = begin; at < bytes.length; at++)
      switch (bytes[at]) {
        case quoteByte:
          this.#beginString()
          return at + 1
        case openBrace:
        case openBracket:
          this.#open(bytes[at] === openBracket)
          if (this.#skippedLevels > 0) return at + 1
          break
        case closeBrace:
        case closeBracket:
          this.#levels.pop()
          break
        case colon:
          this.#afterName()
          break
        case commaByte:
          this.#nextMember()
          break
      }
    return bytes.length
  }

  /** Skips what isn't wanted. Returns where to go on. */
  #skip(bytes: Buffer, begin: number): number {
    let levels = this.#skippedLevels
    let at = begin
    for (; at < bytes.length && levels > 0; at++) {
      const byte = bytes[at]
      if (byte === quoteByte) {
        this.#inString = true
        at = this.#endOfString(bytes, at + 1)
      } else if (byte === openBrace || byte === openBracket) levels++
      else if (byte === closeBrace || byte === closeBracket) levels--
    }
    this.#skippedLevels = levels
    return at
  }

  /** Returns where the string ends that is being read: its quote, or the end of the bytes. */
  #endOfString(bytes: Buffer, begin: number): number {
    let isEscaped = this.#isEscaped
    let at = begin
    for (; at < bytes.length; at++) {
      const byte = bytes[at]
      if (isEscaped) isEscaped = false
      else if (byte === backslash) isEscaped = true
      else if (byte === quoteByte) {
        this.#inString = false
        break
      }
    }
    this.#isEscaped = isEscaped
    return at
  }

  #beginString(): void {
    this.#inString = true
    const level = this.#levels.at(-1)
    const isName = level?.isAtName === true
    this.#parts = isName || level?.member?.room !== undefined ? [] : undefined
  }

  /** Reads the rest of a string, or a part of it. Returns where to go on. */
  #readString(bytes: Buffer, begin: number): number {
    const end = this.#endOfString(bytes, begin)
    if (this.#parts === undefined) return end + 1
    if (this.#inString) this.#keepPart(Buffer.from(bytes.subarray(begin, end)))
    else this.#endString(bytes, begin, end)
    return end + 1
  }

  /** Keeps the first parts of a string that goes on in the next bytes, unless they are too long. */
  #keepPart(part: Buffer): void {
    const length = this.#parts?.reduce((sum, { length }) => sum + length, part.length) ?? 0
    const level = this.#levels.at(-1)
    if (length > (level?.isAtName ? maxNameBytes : (level?.member?.room?.bytes ?? 0)))
      this.#parts = undefined
    else this.#parts?.push(part)
  }

  #endString(bytes: Buffer, begin: number, end: number): void {
    const level = this.#levels.at(-1)
    const parts = this.#parts ?? []
    this.#parts = undefined
    if (level === undefined) return
    const isWhole = parts.length === 0
    const text = isWhole ? bytes : Buffer.concat([...parts, bytes.subarray(begin, end)])
    const range = isWhole ? { begin, end } : { begin: 0, end: text.length }
    if (!level.isAtName) this.#keep(text.subarray(range.begin, range.end))
    else if (range.end - range.begin <= maxNameBytes) this.#readName(level, text, range)
  }

  #readName(
    level: Level,
    text: Buffer,
    { begin, end }: { readonly begin: number; readonly end: number },
  ): void {
    level.member = findMember(level.wanted, text, { begin, end })
    if (level.member !== undefined) level.name = readString(text.subarray(begin, end))
  }

  #keep(bytes: Buffer): void {
    const room = this.#levels.at(-1)?.member?.room
    const size = bytes.length + stringBytes
    if (room === undefined || size > room.bytes) return
    room.bytes -= size
    let outer: Level | undefined
    for (const level of this.#levels) {
      if (level.kept === undefined) {
        level.kept = outer === undefined ? this.#root : level.isList ? [] : {}
        if (outer !== undefined) define(outer, level.kept)
      }
      outer = level
    }
    if (outer !== undefined) define(outer, readString(bytes))
  }

  #open(isList: boolean): void {
    const outer = this.#levels.at(-1)
    const wanted = outer === undefined ? this.#wanted : outer.member
    const members = wanted && (isList ? wanted.item !== undefined : wanted.members.length > 0)
    if (wanted === undefined || !members) this.#skippedLevels = 1
    else {
      const member = isList ? wanted.item : undefined
      this.#levels.push({ wanted, isList, kept: undefined, member, name: '', isAtName: !isList })
    }
  }

  #afterName(): void {
    const level = this.#levels.at(-1)
    if (level !== undefined) level.isAtName = false
  }

  #nextMember(): void {
    const level = this.#levels.at(-1)
    if (level === undefined || level.isList) return
    level.isAtName = true
    level.member = undefined
  }
}

/** Adds a member to the outline of an object, or an item to that of a list. */
function define({ kept, name }: Level, value: Outline | string): void {
  if (Array.isArray(kept)) kept.push(value)
  else if (kept !== undefined && name !== '__proto__') kept[name] = value
  // An assignment would set the prototype.
  else if (kept !== undefined)
    Object.defineProperty(kept, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
}

/** A string that isn't valid JSON counts as empty. */
function readString(bytes: Buffer): string {
  const text = bytes.toString()
  try {
    return text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text
  } catch {
    return ''
  }
}

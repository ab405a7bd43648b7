/** Reads and writes the part of ASN.1 (X.690) that PKCS#12 needs. */

/** Tag bytes, including the class and the "constructed" bit. */
export const tags = {
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  constructedOctetString: 0x24,
  /** `[0] IMPLICIT` of a primitive type. */
  context0: 0x80,
  /** `[0]` of a constructed type, implicit or explicit. */
  constructedContext0: 0xa0,
} as const

export interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
  /** Header and content, unchanged. */
  readonly raw: Uint8Array
}

/** Thrown if the bytes aren't what their place requires. The message names the place, and never shows a byte. */
export class UnreadableError extends Error {}

/**
 * Splits bytes into consecutive elements. It never looks inside an element, so deep nesting costs nothing: a caller
 * descends only as far as the format requires.
 *
 * BER's indefinite lengths are read too: NSS and BouncyCastle write PKCS#12 that way, and RFC 7292 allows it.
 *
 * @param what - what the bytes should be, for the message
 */
export function readElements(bytes: Uint8Array, what: string): readonly DerElement[] {
  const elements: DerElement[] = []
  for (let offset = 0; offset < bytes.length; ) {
    const header = readHeader(bytes, offset, what)
    const contentEnd = header.contentEnd ?? endOfContents(bytes, header.contentStart, what)
    const end = header.contentEnd ?? contentEnd + 2
    elements.push({
      tag: header.tag,
      content: bytes.subarray(header.contentStart, contentEnd),
      raw: bytes.subarray(offset, end),
    })
    offset = end
  }
  return elements
}

/** Reads bytes that are exactly one element with this tag. */
export function readElement(bytes: Uint8Array, tag: number, what: string): DerElement {
  const [element, ...more] = readElements(bytes, what)
  if (more.length > 0) throw new UnreadableError(`${what} is followed by something else`)
  return expectTag(element, tag, what)
}

/** Reads the elements inside a SEQUENCE, or inside a SET or `[0]` if `tag` is theirs. */
export function childrenOf(
  element: DerElement | undefined,
  what: string,
  tag: number = tags.sequence,
): readonly DerElement[] {
  return readElements(expectTag(element, tag, what).content, what)
}

/** Returns the content of an element, which must exist and have this tag. */
function contentOf(element: DerElement | undefined, tag: number, what: string): Uint8Array {
  return expectTag(element, tag, what).content
}

/** Returns the bytes of an OCTET STRING, which BER may split into pieces. `primitive` is its tag if it is implicit. */
export function octetsOf(
  element: DerElement | undefined,
  what: string,
  primitive: number = tags.octetString,
): Uint8Array {
  if (element?.tag !== (primitive | 0x20)) return contentOf(element, primitive, what)
  const pieces = readElements(element.content, what)
  return Buffer.concat(pieces.map((piece) => contentOf(piece, tags.octetString, what)))
}

/** Reads a small INTEGER that isn't negative, such as a version or a count. Numbers above 2^48 are refused. */
export function integerOf(element: DerElement | undefined, what: string): number {
  const content = Buffer.from(contentOf(element, tags.integer, what))
  if (content.length < 1 || content.length > 6 || content.readInt8(0) < 0)
    throw new UnreadableError(`${what} isn't a valid number`)
  return content.readUIntBE(0, content.length)
}

/** Reads an OBJECT IDENTIFIER as text: `1.2.840.113549.1.7.1`. */
export function oidOf(element: DerElement | undefined, what: string): string {
  const content = contentOf(element, tags.oid, what)
  if (content.length < 1 || content.length > 32)
    throw new UnreadableError(`${what} isn't a valid object identifier`)
  const arcs: number[] = []
  let arc = 0
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte & 0x80) continue
    arcs.push(arc)
    arc = 0
  }
  const [first = 0, ...rest] = arcs
  const root = Math.min(Math.floor(first / 40), 2)
  return [root, first - root * 40, ...rest].join('.')
}

/** Writes an element with these contents. */
export function writeElement(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, content) => sum + content.length, 0)
  const header =
    length < 0x80 ? [tag, length] : [tag, 0x80 | bigEndian(length).length, ...bigEndian(length)]
  return Buffer.concat([Buffer.from(header), ...contents])
}

/** Writes a number from 0 to 2^31 - 1. */
export function writeInteger(value: number): Buffer {
  const bytes = bigEndian(value)
  // The top bit is the sign.
  return writeElement(tags.integer, Buffer.from((bytes[0] ?? 0) & 0x80 ? [0, ...bytes] : bytes))
}

export function writeOid(oid: string): Buffer {
  const [root = 0, second = 0, ...rest] = oid.split('.').map(Number)
  const base128 = (arc: number): number[] =>
    arc < 128 ? [arc] : [...base128(Math.floor(arc / 128)).map((b) => b | 0x80), arc % 128]
  return writeElement(tags.oid, Buffer.from([root * 40 + second, ...rest].flatMap(base128)))
}

function bigEndian(value: number): number[] {
  return value < 256 ? [value] : [...bigEndian(Math.floor(value / 256)), value % 256]
}

interface Header {
  readonly tag: number
  readonly contentStart: number
  /** Absent if the length is indefinite. */
  readonly contentEnd?: number
}

function readHeader(bytes: Uint8Array, offset: number, what: string): Header {
  const [tag, first] = [bytes[offset], bytes[offset + 1]]
  // Nothing in PKCS#12 has a tag that needs more than one byte.
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw notDer(what)
  if (first === 0x80 && (tag & 0x20) !== 0) return { tag, contentStart: offset + 2 }
  const size = first < 0x80 ? 0 : first & 0x7f
  const contentStart = offset + 2 + size
  if (first === 0x80 || size > 4 || contentStart > bytes.length) throw notDer(what)
  const length = bytes.subarray(offset + 2, contentStart).reduce((sum, b) => sum * 256 + b, 0)
  const contentEnd = contentStart + (size === 0 ? first : length)
  if (contentEnd > bytes.length) throw notDer(what)
  return { tag, contentStart, contentEnd }
}

/** Finds the end-of-contents mark that closes an indefinite length. */
function endOfContents(bytes: Uint8Array, start: number, what: string): number {
  let open = 1
  for (let offset = start; ; ) {
    const header = readHeader(bytes, offset, what)
    const isMark = header.tag === 0 && header.contentEnd === header.contentStart
    if (isMark) open -= 1
    if (open === 0) return offset
    if (header.contentEnd === undefined) open += 1
    offset = header.contentEnd ?? header.contentStart
  }
}

function expectTag(element: DerElement | undefined, tag: number, what: string): DerElement {
  if (element?.tag !== tag) throw notDer(what)
  return element
}

const notDer = (what: string): UnreadableError =>
  new UnreadableError(`${what} is truncated or malformed`)

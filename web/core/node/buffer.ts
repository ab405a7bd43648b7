class Bytes extends Uint8Array {
  override toString(encoding = 'utf8'): string {
    if (encoding === 'latin1') return Array.from(this, (byte) => String.fromCharCode(byte)).join('')
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this)
  }
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The parts of Node's `Buffer` that the commands use. */
export const Buffer = {
  from: (source: string | ArrayLike<number>, encoding = 'utf8'): Bytes => {
    if (typeof source !== 'string') return new Bytes(source)
    if (encoding !== 'latin1') return new Bytes(encode(source))
    return new Bytes(Array.from(source, (character) => character.charCodeAt(0)))
  },
  concat: (parts: readonly Uint8Array[]): Bytes => {
    const whole = new Bytes(parts.reduce((sum, { length }) => sum + length, 0))
    let offset = 0
    for (const part of parts) {
      whole.set(part, offset)
      offset += part.length
    }
    return whole
  },
  byteLength: (text: string): number => encode(text).length,
}

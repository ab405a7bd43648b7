import type { Parsed } from '../../lib/parsed.ts'

/** What a value's characters stand for; `objectEncoding` of the CSI driver's Azure provider. */
export type Encoding = 'utf-8' | 'base64' | 'hex'

/**
 * The bytes that a value stands for. Strict where Node is not, which skips what it doesn't know and gives back less:
 *
 * - `base64`: the standard alphabet with its padding (RFC 4648, section 4), as the provider takes it; not the URL-safe
 *   one, nothing after the padding, and no bits left over that would be lost.
 * - `hex`: pairs of digits, in either case.
 * - Line breaks (CR and LF) are passed over in both, as text that was wrapped or written by an editor has them; blanks
 *   are not.
 * - `utf-8`: the value as it is.
 */
export function decodeValue(value: string, encoding: Encoding): Parsed<Uint8Array> {
  switch (encoding) {
    case 'utf-8':
      return { value: Buffer.from(value, 'utf8') }
    case 'base64': {
      const text = withoutLineBreaks(value)
      const bytes = Buffer.from(text, 'base64')
      return bytes.toString('base64') === text ? { value: bytes } : { problem: notBase64 }
    }
    case 'hex': {
      const text = withoutLineBreaks(value).toLowerCase()
      const bytes = Buffer.from(text, 'hex')
      return bytes.toString('hex') === text ? { value: bytes } : { problem: notHex }
    }
    default:
      return encoding satisfies never
  }
}

const withoutLineBreaks = (text: string): string => text.replaceAll(/[\r\n]+/g, '')

const notBase64 =
  'the value is not base64: A–Z, a–z, 0–9, + and / (not the URL-safe - and _), padded with =, with nothing but line breaks in between'
const notHex =
  'the value is not hexadecimal: pairs of 0–9 and a–f, with nothing but line breaks in between'

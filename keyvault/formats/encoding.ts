import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'

/** How a value encodes bytes: `objectEncoding` of the CSI driver's Azure provider. */
type Encoding = 'utf-8' | 'base64' | 'hex'

/**
 * Decodes a value. It is stricter than Node, which skips characters that it doesn't know and returns fewer bytes:
 *
 * - `base64`: the standard alphabet with padding (RFC 4648, section 4), as the provider accepts it; no URL-safe
 *   alphabet, nothing after the padding, and no leftover bits that would be lost.
 * - `hex`: pairs of digits, in either case.
 * - Both ignore line breaks (CR and LF), which wrapped text and editors contain. They don't ignore blanks.
 * - `utf-8`: the value, unchanged.
 */
export function decodeValue(value: string, encoding: Encoding): Parsed<Uint8Array> {
  switch (encoding) {
    case 'utf-8':
      return valid(Buffer.from(value, 'utf8'))
    case 'base64': {
      const text = withoutLineBreaks(value)
      const bytes = Buffer.from(text, 'base64')
      return bytes.toString('base64') === text ? valid(bytes) : invalid(notBase64)
    }
    case 'hex': {
      const text = withoutLineBreaks(value).toLowerCase()
      const bytes = Buffer.from(text, 'hex')
      return bytes.toString('hex') === text ? valid(bytes) : invalid(notHex)
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

import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import type { Decoding } from '../../requests/secret/composition.ts'

/** Decodes a value as `decodingStrategy` of the External Secrets Operator does. */
export function decodeInput(value: Uint8Array, decoding: Decoding): Parsed<Uint8Array> {
  switch (decoding) {
    case 'None':
      return valid(value)
    case 'Base64':
      return decoded(value, 'base64') ?? invalid('the value is not base64')
    case 'Base64URL':
      return (
        decoded(value, 'base64url') ?? invalid('the value is not URL-safe base64 (with - and _)')
      )
    case 'Auto':
      return decoded(value, 'base64') ?? decoded(value, 'base64url') ?? valid(value)
    default:
      return decoding satisfies never
  }
}

const alphabets = { base64: /^[A-Za-z0-9+/]*={0,2}$/, base64url: /^[\w-]*={0,2}$/ } as const

/** Go needs the padding, and ignores line breaks. */
function decoded(value: Uint8Array, encoding: 'base64' | 'base64url') {
  const text = Buffer.from(value)
    .toString('latin1')
    .replaceAll(/[\r\n]/g, '')
  return text.length % 4 === 0 && alphabets[encoding].test(text)
    ? valid(new Uint8Array(Buffer.from(text, encoding)))
    : undefined
}

import rc2 from 'node-forge/lib/rc2.js'
import util from 'node-forge/lib/util.js'

/**
 * Decrypts RC2 in CBC mode with PKCS#7 padding (RFC 2268). OpenSSL 3 has RC2 only in its legacy provider, which Node
 * doesn't load.
 *
 * @param options.key - its length is also the number of effective bits, as in PKCS#12's two RC2 schemes
 * @returns undefined if the padding shows that the key is wrong
 */
export function decryptRc2(
  encrypted: Uint8Array,
  { key, iv }: { readonly key: Uint8Array; readonly iv: Uint8Array },
): Uint8Array | undefined {
  if (encrypted.length === 0 || encrypted.length % 8 !== 0) return undefined
  const cipher = rc2.createDecryptionCipher(binary(key), key.length * 8)
  cipher.start(binary(iv))
  cipher.update(util.createBuffer(binary(encrypted)))
  return cipher.finish() ? Buffer.from(cipher.output.getBytes(), 'latin1') : undefined
}

/** node-forge's strings have one byte per character. */
const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

import type { FetchedObject } from '../../../keyvault/clients/object-client.ts'
import { describeObject, type ObjectReference } from '../../../keyvault/reference.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'

export const passwordCode = 'AKV_KEY_STORE_PASSWORD'

/** `openssl` reads at most this much of a password from a file. */
const maxPasswordBytes = 1023

/**
 * The password of a key store: the text of a secret, without the line break at its end that a file with a password often has.
 * The tools that read key stores leave it out, too.
 *
 * @throws AkvError that names the secret, and never shows its text
 */
export function keyStorePassword(found: FetchedObject, object: ObjectReference): string {
  const text = found.kind === 'secret' ? found.value.replace(/\r?\n$/, '') : ''
  const problem = passwordProblem(text, found)
  if (problem === undefined) return text
  throw new AkvError(
    passwordCode,
    `${describeObject(object)}: it can't be the password of a key store: ${problem}`,
  )
}

function passwordProblem(text: string, found: FetchedObject): string | undefined {
  if (found.kind !== 'secret' || found.isCertificate) return 'it belongs to a certificate'
  if (text === '') return 'it is empty; without a password, leave out "^" and what follows it'
  // In UTF-8, every UTF-16 code unit takes at least one byte.
  if (text.length > maxPasswordBytes || Buffer.byteLength(text) > maxPasswordBytes)
    return `it is longer than ${maxPasswordBytes} bytes`
  if (/\p{Cc}/u.test(text)) return 'it contains a line break or another control character'
  // RFC 7292, B.1: a BMPString, two bytes for each character.
  if (/[\ud800-\udfff]/.test(text)) return 'it contains a character beyond U+FFFF'
  return undefined
}

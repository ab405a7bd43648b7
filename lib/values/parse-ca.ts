import { certificateBlocks, parseCertificate } from '../certificates.ts'
import { invalid, type Parsed, valid } from '../problems/parsed.ts'

/**
 * Reads the certificates in a file, and drops everything else, because every pod receives the result. A file that also
 * contains a private key is refused, so that the key isn't published by mistake.
 */
export function parseCa(pem: string): Parsed<string> {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    return invalid(
      'the file contains a private key, which would be copied into every pod; keep only certificates',
    )
  const blocks = certificateBlocks(pem)
  const ca = blocks.map((block) => `${block}\n`).join('')
  if (blocks.length === 0 || !blocks.every(parseCertificate))
    return invalid('expected a PEM file of certificates')
  return ca.length > maxCaLength
    ? invalid(
        `the certificates are larger than ${maxCaLength} bytes, and every pod carries them; keep only those that are needed`,
      )
    : valid(ca)
}

/** Well below the bound of an agent's configuration (96 KiB; Linux accepts 128 KiB in one variable). */
const maxCaLength = 64 * 1024

import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { decodeValue } from './encoding.ts'
import { type KeyMaterial, maxCertificates, readCertificate, toPkcs8 } from './key-material.ts'

interface PemBlock {
  /** The text after BEGIN, such as `CERTIFICATE`. */
  readonly label: string
  readonly der: Uint8Array
}

/**
 * Reads the blocks of a PEM text (RFC 7468), in order. Text between blocks is ignored, because `openssl` and Key Vault
 * write names there. A block may contain only base64.
 *
 * @param isWanted - which labels matter. Blocks with another label are left out, and what they contain isn't checked
 */
export function readPem(
  text: string,
  isWanted: (label: string) => boolean = () => true,
): Parsed<readonly PemBlock[]> {
  const blocks: PemBlock[] = []
  let open: { readonly label: string; readonly lines: string[] } | undefined
  for (const [index, padded] of text.split(/\r\n|\n|\r/).entries()) {
    const line = padded.trimEnd()
    const [, edge, label = ''] = /^-----(BEGIN|END) (.*)-----$/.exec(line) ?? []
    const where = `line ${index + 1} of the PEM`
    if (edge === 'BEGIN') {
      if (open) return invalid(`${where}: a block begins inside another one`)
      open = { label, lines: [] }
    } else if (edge === 'END') {
      if (open?.label !== label)
        return invalid(`${where}: this END line doesn't match a BEGIN line`)
      const { lines } = open
      open = undefined
      if (!isWanted(label)) continue
      const body = decodeValue(lines.join(''), 'base64')
      if (body.kind === 'invalid' || body.value.length === 0)
        return invalid(`${where}: ${bodyProblem(lines)}`)
      blocks.push({ label, der: body.value })
    } else if (open) open.lines.push(line.trimStart())
  }
  return open ? invalid('the PEM is truncated: its last block has no END line') : valid(blocks)
}

/** Headers contain a colon (RFC 1421). In practice, they mean that the block is encrypted. */
const bodyProblem = (lines: readonly string[]): string =>
  lines.some((line) => line.includes(':'))
    ? 'the block that ends there is encrypted or has headers; accepted: only base64'
    : 'the block that ends there is not base64'

/** Writes a block as `openssl` does: 64 characters per line, and a line break at the end. */
export function writePem({ label, der }: PemBlock): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

const keyFormats = new Map([
  ['PRIVATE KEY', 'pkcs8'],
  ['RSA PRIVATE KEY', 'pkcs1'],
  ['EC PRIVATE KEY', 'sec1'],
] as const)
const isKeyLabel = (label: string): label is 'PRIVATE KEY' => keyFormats.has(label as 'PRIVATE KEY')

/** Reads the private keys of a PEM text, as PKCS#8, and its certificates. Blocks of other kinds are ignored. */
export function readKeyMaterial(text: string): Parsed<KeyMaterial> {
  const blocks = readPem(text)
  if (blocks.kind === 'invalid') return blocks
  if (blocks.value.length > maxCertificates)
    return invalid(`the PEM holds more than ${maxCertificates} blocks`)
  const keys: Uint8Array[] = []
  const certificates: Uint8Array[] = []
  for (const [index, { label, der }] of blocks.value.entries()) {
    const block = `block ${index + 1} of the PEM`
    if (label === 'ENCRYPTED PRIVATE KEY')
      return invalid(
        `${block} is a private key with a password; accepted: a key without a password`,
      )
    if (label === 'CERTIFICATE') {
      if (readCertificate(der) === undefined) return invalid(`${block} isn't a valid certificate`)
      certificates.push(der)
    }
    const format = isKeyLabel(label) ? keyFormats.get(label) : undefined
    if (format === undefined) continue
    const key = toPkcs8(der, format)
    if (key === undefined)
      return invalid(
        `${block} isn't a valid private key of the type that its label names, ${label}`,
      )
    keys.push(key)
  }
  return valid({ keys, certificates })
}

/** Writes the keys first, then the certificates, which is the order of the CSI driver's Azure provider. */
export function writeKeyMaterial({ keys, certificates }: KeyMaterial): string {
  return [
    ...keys.map((der) => writePem({ label: 'PRIVATE KEY', der })),
    ...certificates.map((der) => writePem({ label: 'CERTIFICATE', der })),
  ].join('')
}

import {
  createHash,
  createHmac,
  type KeyObject,
  randomBytes,
  type X509Certificate,
} from 'node:crypto'

/** Object identifiers, in DER (X.690, 8.19). */
const oids = {
  /** 1.2.840.113549.1.7.1 */
  data: oid('2a864886f70d010701'),
  /** 1.2.840.113549.1.12.10.1.2 */
  shroudedKeyBag: oid('2a864886f70d010c0a0102'),
  /** 1.2.840.113549.1.12.10.1.3 */
  certBag: oid('2a864886f70d010c0a0103'),
  /** 1.2.840.113549.1.9.22.1 */
  x509Certificate: oid('2a864886f70d01091601'),
  /** 1.2.840.113549.1.9.21 */
  localKeyId: oid('2a864886f70d010915'),
  /** 2.16.840.1.101.3.4.2.1 */
  sha256: oid('608648016503040201'),
}
const iterations = 2048
const sha256BlockBytes = 64

/**
 * Writes a PKCS#12 file (RFC 7292) with an empty password, like Key Vault. Encrypts the key, since Java ignores an unencrypted one. Doesn't encrypt certificates, which are public.
 *
 * @param certificates - the leaf first
 * @param privateKey - absent: the file contains certificates only
 */
export function writePfx(certificates: readonly X509Certificate[], privateKey?: KeyObject): Buffer {
  // Readers match a key and its certificate by this attribute.
  const keyId = sequence(oids.localKeyId, set(octets(Buffer.from([1, 0, 0, 0]))))
  const certBags = certificates.map(({ raw }, index) => {
    const certificate = sequence(oids.x509Certificate, explicit(octets(raw)))
    const attributes = privateKey !== undefined && index === 0 ? [set(keyId)] : []
    return sequence(oids.certBag, explicit(certificate), ...attributes)
  })
  const keyBags = privateKey === undefined ? [] : [keyBag(privateKey, keyId)]
  const safe = sequence(contentOf(sequence(...keyBags)), contentOf(sequence(...certBags)))
  return sequence(integer(3), contentOf(safe), macOf(safe))
}

function keyBag(privateKey: KeyObject, keyId: Buffer): Buffer {
  const encrypted = privateKey.export({
    type: 'pkcs8',
    format: 'der',
    cipher: 'aes-256-cbc',
    passphrase: '',
  })
  return sequence(oids.shroudedKeyBag, explicit(encrypted), set(keyId))
}

const contentOf = (content: Buffer) => sequence(oids.data, explicit(octets(content)))

/**
 * RFC 7292, 4 and appendix B. The key for HMAC with SHA-256 is one block of the derivation: repeated digests over the purpose
 * (3), the salt and the password (two zero bytes if it is empty), each repeated to fill a block of the digest.
 */
function macOf(safe: Buffer): Buffer {
  const salt = randomBytes(16)
  let key = Buffer.concat([
    Buffer.alloc(sha256BlockBytes, 3),
    Buffer.alloc(sha256BlockBytes, salt),
    Buffer.alloc(sha256BlockBytes, 0),
  ])
  for (let round = 0; round < iterations; round += 1)
    key = createHash('sha256').update(key).digest()
  const mac = createHmac('sha256', key).update(safe).digest()
  const digest = sequence(sequence(oids.sha256, element(0x05)), octets(mac))
  return sequence(digest, octets(salt), integer(iterations))
}

const sequence = (...parts: readonly Uint8Array[]) => element(0x30, ...parts)
const set = (...parts: readonly Uint8Array[]) => element(0x31, ...parts)
const octets = (bytes: Uint8Array) => element(0x04, bytes)
/** The context-specific tag 0 around another element. */
const explicit = (content: Uint8Array) => element(0xa0, content)
/** Takes a number from 1 to 32767. */
const integer = (value: number) =>
  element(0x02, Buffer.from(value < 128 ? [value] : [value >> 8, value & 0xff]))

function oid(hex: string): Buffer {
  return element(0x06, Buffer.from(hex, 'hex'))
}

/** X.690, 8.1: the tag, the length, the content. */
function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const hex = content.length.toString(16)
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  const long = content.length < 128 ? [] : [0x80 | length.length]
  return Buffer.concat([Buffer.from([tag, ...long]), length, content])
}

import { createCipheriv, createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { type CpuBudget, createCpuBudget } from '../../../lib/cpu-budget.ts'
import { tags, writeElement, writeInteger, writeOid } from '../der.ts'
import { comparisonMicroseconds, isCertificateOf, type KeyMaterial } from '../key-material.ts'
import { pbkdf2Microseconds, pkcs12Microseconds } from './pfx-password.ts'
import { derivePkcs12Key } from './pkcs12-key.ts'

/** OpenSSL's defaults, which OpenSSL, Java, .NET and Python can read: AES-256, SHA-256, 2,048 rounds. */
const iterations = 2048
const oids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  localKeyId: '1.2.840.113549.1.9.21',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const

/** The cost of deriving a key for each part and for the MAC, and of comparing keys with certificates. */
const costOf = ({ keys, certificates }: KeyMaterial): number =>
  (keys.length + 1) * iterations * pbkdf2Microseconds('sha256', 32) +
  iterations * pkcs12Microseconds('sha256', 32) +
  keys.length * certificates.length * comparisonMicroseconds

/**
 * Writes a PKCS#12 file (RFC 7292) with an empty password, certificates in the given order. An empty password protects
 * nothing, but everything is encrypted and has a MAC all the same, because Java ignores a key that isn't encrypted.
 *
 * The same input always gives the same bytes, so that a refresh can detect changes. Salts are therefore derived from
 * the content.
 */
export async function buildPfx(
  { keys, certificates }: KeyMaterial,
  budget = createCpuBudget(),
): Promise<Uint8Array> {
  budget.charge(costOf({ keys, certificates }))
  const seed = createHash('sha256')
  for (const der of [...keys, ...certificates]) seed.update(der)
  const salts = saltsFrom(seed.digest())

  // Readers match a key and its certificate by an attribute that both have.
  const owner = keys.map((key) => certificates.find((der) => isCertificateOf(der, key)))
  const certBags = certificates.map((der) =>
    bag(oids.certBag, certificate(der), owner.includes(der) ? der : undefined),
  )
  const keyBags = keys.map((der, i) => {
    const { algorithm, encrypted } = encrypt(der, salts.next())
    const shrouded = sequence(algorithm, writeElement(tags.octetString, encrypted))
    return bag(oids.shroudedKeyBag, shrouded, owner[i])
  })

  const safe = sequence(
    encryptedData(sequence(...certBags), salts.next()),
    data(sequence(...keyBags)),
  )
  return sequence(writeInteger(3), data(safe), await mac(safe, { salt: salts.next(), budget }))
}

function bag(oid: string, value: Buffer, keyedBy: Uint8Array | undefined): Buffer {
  if (keyedBy === undefined) return sequence(writeOid(oid), explicit(value))
  const id = writeElement(tags.octetString, createHash('sha1').update(keyedBy).digest())
  const attribute = sequence(writeOid(oids.localKeyId), writeElement(tags.set, id))
  return sequence(writeOid(oid), explicit(value), writeElement(tags.set, attribute))
}

const certificate = (der: Uint8Array): Buffer =>
  sequence(writeOid(oids.x509Certificate), explicit(writeElement(tags.octetString, der)))

const data = (content: Buffer): Buffer =>
  sequence(writeOid(oids.data), explicit(writeElement(tags.octetString, content)))

function encryptedData(content: Buffer, salt: Buffer): Buffer {
  const { algorithm, encrypted } = encrypt(content, salt)
  const info = sequence(writeOid(oids.data), algorithm, writeElement(tags.context0, encrypted))
  return sequence(writeOid(oids.encryptedData), explicit(sequence(writeInteger(0), info)))
}

function encrypt(content: Uint8Array, salt: Buffer): { algorithm: Buffer; encrypted: Buffer } {
  const iv = createHash('sha256').update(salt).digest().subarray(0, 16)
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync('', salt, iterations, 32, 'sha256'), iv)
  const derivation = sequence(
    writeElement(tags.octetString, salt),
    writeInteger(iterations),
    sequence(writeOid(oids.hmacSha256), writeElement(tags.null)),
  )
  const algorithm = sequence(
    writeOid(oids.pbes2),
    sequence(
      sequence(writeOid(oids.pbkdf2), derivation),
      sequence(writeOid(oids.aes256Cbc), writeElement(tags.octetString, iv)),
    ),
  )
  return { algorithm, encrypted: Buffer.concat([cipher.update(content), cipher.final()]) }
}

async function mac(
  safe: Buffer,
  { salt, budget }: { readonly salt: Buffer; readonly budget: CpuBudget },
): Promise<Buffer> {
  const key = await derivePkcs12Key({
    budget,
    digest: 'sha256',
    password: '',
    salt,
    iterations,
    purpose: 3,
    byteLength: 32,
  })
  const digest = createHmac('sha256', key).update(safe).digest()
  return sequence(
    sequence(
      sequence(writeOid(oids.sha256), writeElement(tags.null)),
      writeElement(tags.octetString, digest),
    ),
    writeElement(tags.octetString, salt),
    writeInteger(iterations),
  )
}

const sequence = (...contents: readonly Uint8Array[]): Buffer =>
  writeElement(tags.sequence, ...contents)

const explicit = (content: Buffer): Buffer => writeElement(tags.constructedContext0, content)

/** Derives any number of different salts from the content. */
function saltsFrom(seed: Buffer): { readonly next: () => Buffer } {
  let count = 0
  return {
    next: () => createHash('sha256').update(seed).update(`${count++}`).digest().subarray(0, 16),
  }
}

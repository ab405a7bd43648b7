import { createCipheriv, createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { type CpuBudget, createCpuBudget } from '../../../lib/cpu-budget.ts'
import { tags, writeElement, writeInteger, writeOid } from '../der.ts'
import { comparisonMicroseconds, isCertificateOf, type KeyMaterial } from '../key-material.ts'
import { pbkdf2Microseconds, pkcs12Microseconds } from './pfx-password.ts'
import { derivePkcs12Key } from './pkcs12-key.ts'

/** OpenSSL's defaults, which OpenSSL, Java, .NET and Python can read: AES-256, SHA-256, 2,048 rounds. */
const defaultRounds = 2048
/** Java's default. More rounds protect a password that somebody guesses at; an empty one needs no protection. */
const passwordRounds = 10_000
const roundsFor = (password: string): number => (password === '' ? defaultRounds : passwordRounds)

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
  trustedKeyUsage: '2.16.840.1.113894.746875.1.1',
  anyKeyUsage: '2.5.29.37.0',
} as const

interface PfxOptions {
  readonly budget?: CpuBudget
  readonly password?: string
}

/** The cost of deriving a key for each part and for the MAC, and of comparing keys with certificates. */
const costOf = ({ keys, certificates }: KeyMaterial, iterations: number): number =>
  (keys.length + 1) * iterations * pbkdf2Microseconds('sha256', 32) +
  iterations * pkcs12Microseconds('sha256', 32) +
  keys.length * certificates.length * comparisonMicroseconds

/**
 * Writes a PKCS#12 file (RFC 7292), certificates in the given order. An empty password protects nothing, but everything is
 * encrypted and has a MAC all the same, because Java ignores a key that isn't encrypted.
 *
 * The same input always gives the same bytes, so that a refresh can detect changes. Salts are therefore derived from
 * the content. The password is no part of that: a salt can be read by anybody, and who knows the key could then test guesses of the
 * password against it, at the cost of one digest each.
 *
 * @param options.password - in UTF-8 for the encryption, as a BMPString for the MAC
 */
export async function buildPfx(
  { keys, certificates }: KeyMaterial,
  { budget = createCpuBudget(), password = '' }: PfxOptions = {},
): Promise<Uint8Array> {
  const iterations = roundsFor(password)
  budget.charge(costOf({ keys, certificates }, iterations))
  const salts = saltsFrom([...keys, ...certificates])

  // Readers match a key and its certificate by an attribute that both have.
  const owner = keys.map((key) => certificates.find((der) => isCertificateOf(der, key)))
  const certBags = certificates.map((der) =>
    bag(oids.certBag, certificate(der), owner.includes(der) ? keyIdOf(der) : undefined),
  )
  const keyBags = keys.map((der, i) => {
    const { algorithm, encrypted } = encrypt(der, { salt: salts.next(), password })
    const shrouded = sequence(algorithm, writeElement(tags.octetString, encrypted))
    return bag(oids.shroudedKeyBag, shrouded, owner[i] && keyIdOf(owner[i]))
  })

  const safe = sequence(
    encryptedData(sequence(...certBags), { salt: salts.next(), password }),
    data(sequence(...keyBags)),
  )
  return await signedFile(safe, { salt: salts.next(), password, budget })
}

/**
 * Writes a PKCS#12 file of certificates that are trusted, for which Java looks for an attribute of its own. Otherwise as
 * {@link buildPfx}.
 */
export async function buildTrustStore(
  certificates: readonly Uint8Array[],
  { budget = createCpuBudget(), password = '' }: PfxOptions = {},
): Promise<Uint8Array> {
  budget.charge(costOf({ keys: [], certificates }, roundsFor(password)))
  const salts = saltsFrom(certificates)
  const bags = certificates.map((der) => bag(oids.certBag, certificate(der), trustedForAll))
  const safe = sequence(encryptedData(sequence(...bags), { salt: salts.next(), password }))
  return await signedFile(safe, { salt: salts.next(), password, budget })
}

const signedFile = async (
  safe: Buffer,
  protection: Protection & { readonly budget: CpuBudget },
): Promise<Uint8Array> => sequence(writeInteger(3), data(safe), await mac(safe, protection))

const bag = (oid: string, value: Buffer, attribute: Buffer | undefined): Buffer =>
  attribute === undefined
    ? sequence(writeOid(oid), explicit(value))
    : sequence(writeOid(oid), explicit(value), writeElement(tags.set, attribute))

/** The attribute that a key and its certificate share. */
const keyIdOf = (certificate: Uint8Array): Buffer =>
  sequence(
    writeOid(oids.localKeyId),
    writeElement(
      tags.set,
      writeElement(tags.octetString, createHash('sha1').update(certificate).digest()),
    ),
  )

const certificate = (der: Uint8Array): Buffer =>
  sequence(writeOid(oids.x509Certificate), explicit(writeElement(tags.octetString, der)))

const data = (content: Buffer): Buffer =>
  sequence(writeOid(oids.data), explicit(writeElement(tags.octetString, content)))

function encryptedData(content: Buffer, protection: Protection): Buffer {
  const { algorithm, encrypted } = encrypt(content, protection)
  const info = sequence(writeOid(oids.data), algorithm, writeElement(tags.context0, encrypted))
  return sequence(writeOid(oids.encryptedData), explicit(sequence(writeInteger(0), info)))
}

interface Protection {
  readonly salt: Buffer
  readonly password: string
}

function encrypt(
  content: Uint8Array,
  { salt, password }: Protection,
): { algorithm: Buffer; encrypted: Buffer } {
  const iterations = roundsFor(password)
  const iv = createHash('sha256').update(salt).digest().subarray(0, 16)
  const key = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const cipher = createCipheriv('aes-256-cbc', key, iv)
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
  { salt, password, budget }: Protection & { readonly budget: CpuBudget },
): Promise<Buffer> {
  const iterations = roundsFor(password)
  const key = await derivePkcs12Key({
    budget,
    digest: 'sha256',
    password,
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

const trustedForAll = sequence(
  writeOid(oids.trustedKeyUsage),
  writeElement(tags.set, writeOid(oids.anyKeyUsage)),
)

/** Derives any number of different salts from the content. */
function saltsFrom(contents: readonly Uint8Array[]): { readonly next: () => Buffer } {
  const hash = createHash('sha256')
  for (const content of contents) hash.update(content)
  const seed = hash.digest()
  let count = 0
  return {
    next: () => createHash('sha256').update(seed).update(`${count++}`).digest().subarray(0, 16),
  }
}

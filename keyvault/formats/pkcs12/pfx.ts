import { createHmac, timingSafeEqual } from 'node:crypto'
import { createCpuBudget } from '../../../lib/cpu-budget.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import {
  childrenOf,
  type DerElement,
  integerOf,
  octetsOf,
  oidOf,
  readElement,
  tags,
  UnreadableError,
} from '../der.ts'
import { type KeyMaterial, maxCertificates, readCertificate, toPkcs8 } from '../key-material.ts'
import { decryptPart } from './pfx-encryption.ts'
import {
  type DerivationBudget,
  derivationBudget,
  type PfxPassword,
  pkcs12Microseconds,
} from './pfx-password.ts'
import { derivePkcs12Key, type Pkcs12Digest, pkcs12Digests } from './pkcs12-key.ts'

/** Values in Key Vault have at most 25 KB. */
const maxPfxBytes = 32 * 1024

const macDigests: Readonly<Record<string, Pkcs12Digest>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** RFC 7292, appendix D, and PKCS#7. */
const oids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  crlBag: '1.2.840.113549.1.12.10.1.4',
  secretBag: '1.2.840.113549.1.12.10.1.5',
  x509Certificate: '1.2.840.113549.1.9.22.1',
} as const

/**
 * Reads a PKCS#12 file (RFC 7292). The default is an empty password, with which Key Vault returns certificates. Node's own
 * reader refuses RC2, and libraries parse and rewrite the certificates, which can change their bytes. Here the bytes stay as they
 * are.
 * Attributes, and bags with neither keys nor certificates, are ignored.
 *
 * @param pfx - DER or BER
 */
export async function readPfx(
  pfx: Uint8Array,
  budget = createCpuBudget(),
  password = '',
): Promise<Parsed<KeyMaterial>> {
  try {
    if (pfx.length > maxPfxBytes) throw new UnreadableError(`it is over ${maxPfxBytes / 1024} KiB`)
    return valid(await readPfxOrThrow(pfx, { password, budget: derivationBudget(budget) }))
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error
    return invalid(`the PFX (PKCS#12) can't be read: ${error.message}`)
  }
}

interface PartOptions {
  readonly password: PfxPassword
  readonly budget: DerivationBudget
}

const emptyPasswords: readonly PfxPassword[] = ['', undefined]

async function readPfxOrThrow(
  pfx: Uint8Array,
  { password: given, budget }: { readonly password: string; readonly budget: DerivationBudget },
): Promise<KeyMaterial> {
  const [version, authSafe, mac] = childrenOf(
    readElement(pfx, tags.sequence, 'the file'),
    'the file',
  )
  if (integerOf(version, 'its version') !== 3) throw new UnreadableError('its version is not 3')
  const [contentType, content] = childrenOf(authSafe, 'its authenticated safe')
  if (oidOf(contentType, 'its authenticated safe') !== oids.data)
    throw new UnreadableError('it is signed with a public key instead of a password')
  const safe = octetsOf(explicit(content, 'its authenticated safe'), 'its authenticated safe')

  for (const password of given === '' ? emptyPasswords : [given]) {
    if (mac !== undefined && !(await isMacOf(safe, mac, { password, budget }))) continue
    const parts = await readSafe(safe, { password, budget })
    if (parts !== undefined) return collect(parts)
  }
  throw new UnreadableError(
    given === ''
      ? 'it has a password, or it is damaged; accepted: an empty password'
      : 'it has another password, or it is damaged',
  )
}

async function isMacOf(
  safe: Uint8Array,
  mac: DerElement,
  { password, budget }: PartOptions,
): Promise<boolean> {
  const [digestInfo, saltElement, count] = childrenOf(mac, 'its MAC')
  const [algorithm, expectedElement] = childrenOf(digestInfo, 'its MAC')
  const oid = oidOf(childrenOf(algorithm, 'its MAC')[0], 'its MAC')
  const digest = macDigests[oid]
  if (digest === undefined)
    throw new UnreadableError(`its MAC uses the algorithm ${oid}; accepted: SHA-1 and SHA-2`)
  const expected = octetsOf(expectedElement, 'its MAC')
  const salt = octetsOf(saltElement, "its MAC's salt")
  const iterations = count === undefined ? 1 : integerOf(count, "its MAC's count of rounds")
  const byteLength = pkcs12Digests[digest].outputBytes
  budget.spend({ iterations, microsecondsEach: pkcs12Microseconds(digest, byteLength), salt })
  const key = await derivePkcs12Key({
    digest,
    budget: budget.cpu,
    salt,
    iterations,
    purpose: 3,
    byteLength,
    password,
  })
  const actual = createHmac(digest, key).update(safe).digest()
  return actual.length === expected.length && timingSafeEqual(actual, expected)
}

interface Bag {
  readonly kind: 'key' | 'certificate'
  readonly der: Uint8Array
}

/** Returns undefined if the password is wrong. */
async function readSafe(
  safe: Uint8Array,
  options: PartOptions,
): Promise<readonly Bag[] | undefined> {
  const infos = childrenOf(
    readElement(safe, tags.sequence, 'its authenticated safe'),
    'its authenticated safe',
  )
  const bags: Bag[] = []
  for (const info of infos) {
    const contents = await readContents(info, options)
    if (contents === undefined) return undefined
    const what = 'a list of bags in it'
    for (const bag of childrenOf(readElement(contents, tags.sequence, what), what)) {
      const read = await readBag(bag, options)
      if (read === undefined) return undefined
      bags.push(...read)
    }
  }
  return bags
}

async function readContents(
  info: DerElement,
  options: PartOptions,
): Promise<Uint8Array | undefined> {
  const what = 'a part of it'
  const [contentType, content] = childrenOf(info, what)
  const oid = oidOf(contentType, what)
  if (oid === oids.data) return octetsOf(explicit(content, what), what)
  if (oid !== oids.encryptedData)
    throw new UnreadableError(
      `a part of it is of type ${oid}; accepted: data, or encrypted by password`,
    )
  const [, encryptedInfo] = childrenOf(explicit(content, what), what)
  const [, algorithm, encrypted] = childrenOf(encryptedInfo, what)
  const contents = await decryptPart(octetsOf(encrypted, what, tags.context0), {
    ...options,
    algorithm,
  })
  return contents !== undefined && isSequence(contents) ? contents : undefined
}

async function readBag(bag: DerElement, options: PartOptions): Promise<readonly Bag[] | undefined> {
  const what = 'a bag in it'
  const [bagId, bagValue] = childrenOf(bag, what)
  const oid = oidOf(bagId, what)
  switch (oid) {
    case oids.keyBag:
      return [{ kind: 'key', der: explicit(bagValue, what).raw }]
    case oids.shroudedKeyBag: {
      const [algorithm, encrypted] = childrenOf(explicit(bagValue, what), what)
      const der = await decryptPart(octetsOf(encrypted, what), { ...options, algorithm })
      return der !== undefined && isSequence(der) ? [{ kind: 'key', der }] : undefined
    }
    case oids.certBag: {
      const [type, value] = childrenOf(explicit(bagValue, what), what)
      if (oidOf(type, what) !== oids.x509Certificate) return []
      return [{ kind: 'certificate', der: octetsOf(explicit(value, what), what) }]
    }
    case oids.crlBag:
    case oids.secretBag:
      return []
    default:
      throw new UnreadableError(`it holds a bag of type ${oid}; accepted: keys and certificates`)
  }
}

function collect(bags: readonly Bag[]): KeyMaterial {
  const dersOf = (kind: Bag['kind']) => bags.filter((bag) => bag.kind === kind)
  if (bags.length > maxCertificates)
    throw new UnreadableError(`it holds more than ${maxCertificates} keys and certificates`)
  return {
    keys: dersOf('key').map(({ der }) => {
      const key = toPkcs8(der, 'pkcs8')
      if (key === undefined) throw new UnreadableError("it contains a private key that isn't valid")
      return key
    }),
    certificates: dersOf('certificate').map(({ der }) => {
      if (readCertificate(der) === undefined)
        throw new UnreadableError("it contains a certificate that isn't valid")
      return der
    }),
  }
}

/** With a wrong password, one result in 256 has valid padding, but isn't a SEQUENCE. */
function isSequence(bytes: Uint8Array): boolean {
  try {
    readElement(bytes, tags.sequence, 'a decrypted part of it')
    return true
  } catch {
    return false
  }
}

/** Returns the one element inside `[0] EXPLICIT`. */
function explicit(element: DerElement | undefined, what: string): DerElement {
  const [inner, ...more] = childrenOf(element, what, tags.constructedContext0)
  if (inner === undefined || more.length > 0)
    throw new UnreadableError(`${what} doesn't contain exactly one element`)
  return inner
}

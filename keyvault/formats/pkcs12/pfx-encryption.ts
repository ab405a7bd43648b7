import crypto, { createDecipheriv } from 'node:crypto'
import { promisify } from 'node:util'
import {
  childrenOf,
  type DerElement,
  integerOf,
  octetsOf,
  oidOf,
  tags,
  UnreadableError,
} from '../der.ts'
import {
  type DerivationBudget,
  type PfxPassword,
  pbkdf2Microseconds,
  pkcs12Microseconds,
} from './pfx-password.ts'
import { derivePkcs12Key, type Pkcs12Digest } from './pkcs12-key.ts'
import { decryptRc2 } from './rc2.ts'

interface Scheme {
  readonly cipher: string
  readonly keyBytes: number
  readonly ivBytes: number
}

/** RFC 7292, appendix C: ciphers whose key comes from PKCS#12's own derivation. RC4 is left out, because no current tool writes it. */
const pkcs12Schemes: Readonly<Record<string, Scheme>> = {
  '1.2.840.113549.1.12.1.3': { cipher: 'des-ede3-cbc', keyBytes: 24, ivBytes: 8 },
  '1.2.840.113549.1.12.1.4': { cipher: 'des-ede-cbc', keyBytes: 16, ivBytes: 8 },
  '1.2.840.113549.1.12.1.5': { cipher: 'rc2', keyBytes: 16, ivBytes: 8 },
  '1.2.840.113549.1.12.1.6': { cipher: 'rc2', keyBytes: 5, ivBytes: 8 },
}

const pbes2 = '1.2.840.113549.1.5.13'
const pbkdf2 = '1.2.840.113549.1.5.12'

/** RFC 8018, B.2: ciphers whose key comes from PBKDF2. */
const pbes2Ciphers: Readonly<Record<string, Scheme>> = {
  '1.2.840.113549.3.7': { cipher: 'des-ede3-cbc', keyBytes: 24, ivBytes: 8 },
  '2.16.840.1.101.3.4.1.2': { cipher: 'aes-128-cbc', keyBytes: 16, ivBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { cipher: 'aes-192-cbc', keyBytes: 24, ivBytes: 16 },
  '2.16.840.1.101.3.4.1.42': { cipher: 'aes-256-cbc', keyBytes: 32, ivBytes: 16 },
}

const pbkdf2Digests: Readonly<Record<string, Pkcs12Digest>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}
/** Runs on another thread, so that nothing else waits for it. */
const derivePbkdf2 = promisify(crypto.pbkdf2)

interface DecryptOptions {
  /** The AlgorithmIdentifier. */
  readonly algorithm: DerElement | undefined
  readonly password: PfxPassword
  readonly budget: DerivationBudget
}

/**
 * Decrypts a part of a PFX.
 *
 * @returns undefined if the password is wrong
 * @throws UnreadableError if the algorithm isn't supported, or costs too much
 */
export async function decryptPart(
  encrypted: Uint8Array,
  { algorithm, password, budget }: DecryptOptions,
): Promise<Uint8Array | undefined> {
  const [identifier, parameters] = childrenOf(algorithm, 'an encryption algorithm')
  const oid = oidOf(identifier, 'an encryption algorithm')
  const { cipher, key, iv } =
    oid === pbes2
      ? await pbes2Key(parameters, password, budget)
      : await pkcs12Key({ oid, parameters, password, budget })
  if (cipher === 'rc2') return decryptRc2(encrypted, { key, iv })
  try {
    const decipher = createDecipheriv(cipher, key, iv)
    return Buffer.concat([decipher.update(encrypted), decipher.final()])
  } catch {
    return undefined
  }
}

interface CipherKey {
  readonly cipher: string
  readonly key: Uint8Array
  readonly iv: Uint8Array
}

async function pkcs12Key(options: {
  readonly oid: string
  readonly parameters: DerElement | undefined
  readonly password: PfxPassword
  readonly budget: DerivationBudget
}): Promise<CipherKey> {
  const { cipher, keyBytes, ivBytes } = known(pkcs12Schemes, options.oid)
  const [saltElement, count] = childrenOf(options.parameters, 'its key derivation')
  const salt = octetsOf(saltElement, 'a salt in it')
  const iterations = integerOf(count, 'a count of rounds in it')
  const microsecondsEach =
    pkcs12Microseconds('sha1', keyBytes) + pkcs12Microseconds('sha1', ivBytes)
  options.budget.spend({ iterations, microsecondsEach, salt })
  const shared = {
    digest: 'sha1',
    salt,
    iterations,
    budget: options.budget.cpu,
    password: options.password,
  } as const
  return {
    cipher,
    key: await derivePkcs12Key({ ...shared, purpose: 1, byteLength: keyBytes }),
    iv: await derivePkcs12Key({ ...shared, purpose: 2, byteLength: ivBytes }),
  }
}

async function pbes2Key(
  parameters: DerElement | undefined,
  password: PfxPassword,
  budget: DerivationBudget,
): Promise<CipherKey> {
  const [derivation, encryption] = childrenOf(parameters, 'its PBES2 parameters')
  const [derivationId, derivationParameters] = childrenOf(derivation, 'its key derivation')
  const derivationOid = oidOf(derivationId, 'its key derivation')
  if (derivationOid !== pbkdf2) throw unknownAlgorithm(derivationOid)
  const [saltElement, count, ...optional] = childrenOf(derivationParameters, 'its key derivation')
  // keyLength, an INTEGER, may precede the function. It isn't needed, because the cipher determines it. RFC 8018, A.2:
  // SHA-1 by default.
  const prf = optional.find(({ tag }) => tag === tags.sequence)
  const digest = prf === undefined ? 'sha1' : known(pbkdf2Digests, algorithmOf(prf))

  const [cipherId, ivElement] = childrenOf(encryption, 'its cipher')
  const { cipher, keyBytes, ivBytes } = known(pbes2Ciphers, oidOf(cipherId, 'its cipher'))
  const iv = octetsOf(ivElement, 'its initialization vector')
  if (iv.length !== ivBytes)
    throw new UnreadableError('an initialization vector in it has a wrong length')

  const salt = octetsOf(saltElement, 'a salt in it')
  const iterations = integerOf(count, 'a count of rounds in it')
  budget.spend({ iterations, microsecondsEach: pbkdf2Microseconds(digest, keyBytes), salt })
  return { cipher, iv, key: await derivePbkdf2(password ?? '', salt, iterations, keyBytes, digest) }
}

/** Returns the identifier at the start of an AlgorithmIdentifier. */
function algorithmOf(element: DerElement): string {
  const [identifier] = childrenOf(element, 'an algorithm in it')
  return oidOf(identifier, 'an algorithm in it')
}

function known<T>(table: Readonly<Record<string, T>>, oid: string): T {
  const found = table[oid]
  if (found === undefined) throw unknownAlgorithm(oid)
  return found
}

const unknownAlgorithm = (oid: string): UnreadableError =>
  new UnreadableError(
    `it uses the algorithm ${oid}; accepted: PBES2 with AES or 3DES, and PKCS#12's 3DES and RC2`,
  )

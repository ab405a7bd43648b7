import type { CpuBudget } from '../cpu-budget.ts'
import { UnreadableError } from '../der.ts'
import { type Pkcs12Digest, pkcs12Digests } from './pkcs12-key.ts'

/** What tools call "no password": an empty one, or none at all. Only PKCS#12's own key derivation tells them apart. */
export type PfxPassword = '' | undefined

/** What a file may cost: its salts and counts come from outside, and a count of 2^31 would take half an hour. */
export interface DerivationBudget {
  /** @throws UnreadableError when the count is beyond what any tool writes, or the whole file asks for too much */
  readonly spend: (cost: DerivationCost) => void
  /** What all files together may cost. It is charged as well, and throws its own error. */
  readonly cpu: CpuBudget
}

export interface DerivationCost {
  readonly iterations: number
  readonly salt: Uint8Array
  readonly microsecondsEach: number
}

/** The largest that tools write (GnuTLS, NSS); OpenSSL and Windows write some 2,000. */
const maxIterations = 600_000
/** About a second of one core, and enough for the largest of the above. */
const maxMicroseconds = 900_000
const maxSaltBytes = 1024

export function derivationBudget(cpu: CpuBudget): DerivationBudget {
  let left = maxMicroseconds
  return {
    cpu,
    spend: ({ iterations, microsecondsEach, salt }) => {
      if (iterations < 1 || iterations > maxIterations)
        throw new UnreadableError(
          `it asks for ${iterations} rounds of key derivation; accepted: 1 to ${maxIterations}`,
        )
      if (salt.length > maxSaltBytes) throw new UnreadableError('a salt in it is over 1 KiB')
      left -= iterations * microsecondsEach
      if (left < 0)
        throw new UnreadableError(
          'its parts together ask for more rounds of key derivation than any tool writes',
        )
      cpu.charge(iterations * microsecondsEach)
    },
  }
}

/** Measured. PKCS#12's own derivation calls a digest from here; PBKDF2's HMAC is computed inside OpenSSL. */
const digestMicroseconds = { sha1: 1, sha256: 1, sha384: 1.2, sha512: 1.2 } as const
const hmacMicroseconds = { sha1: 0.25, sha256: 0.25, sha384: 0.6, sha512: 0.6 } as const

/** What one iteration of PKCS#12's own derivation costs for so many bytes. */
export const pkcs12Microseconds = (digest: Pkcs12Digest, byteLength: number): number =>
  digestMicroseconds[digest] * blocksFor(digest, byteLength)

/** What one iteration of PBKDF2 costs for so many bytes. */
export const pbkdf2Microseconds = (digest: Pkcs12Digest, byteLength: number): number =>
  hmacMicroseconds[digest] * blocksFor(digest, byteLength)

const blocksFor = (digest: Pkcs12Digest, byteLength: number): number =>
  Math.ceil(byteLength / pkcs12Digests[digest].outputBytes)

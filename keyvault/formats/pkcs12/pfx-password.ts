import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import { UnreadableError } from '../der.ts'
import { type Pkcs12Digest, pkcs12Digests } from './pkcs12-key.ts'

/**
 * Tools call both an empty password and an absent one "no password". Only PKCS#12's own key derivation treats them
 * differently.
 */
export type PfxPassword = string | undefined

export type DerivationBudget = ReturnType<typeof derivationBudget>

interface DerivationCost {
  readonly iterations: number
  readonly salt: Uint8Array
  readonly microsecondsEach: number
}

/** The highest count that tools write (GnuTLS, NSS). OpenSSL and Windows write about 2,000. */
const maxIterations = 600_000
/** About a second of one core, and enough for the highest count above. */
const maxMicroseconds = 900_000
const maxSaltBytes = 1024

/** Limits what a file may cost. Its salts and counts come from outside, and a count of 2^31 would take half an hour. */
export function derivationBudget(cpu: CpuBudget) {
  let left = maxMicroseconds
  return {
    /** The budget of all files together. It is charged too, and throws its own error. */
    cpu,
    /** @throws UnreadableError if the count is higher than any tool writes, or the whole file costs too much */
    spend({ iterations, microsecondsEach, salt }: DerivationCost): void {
      if (iterations < 1 || iterations > maxIterations)
        throw new UnreadableError(
          `it requires ${iterations} rounds of key derivation; accepted: 1 to ${maxIterations}`,
        )
      if (salt.length > maxSaltBytes) throw new UnreadableError('a salt in it is over 1 KiB')
      left -= iterations * microsecondsEach
      if (left < 0)
        throw new UnreadableError(
          'its parts together require more rounds of key derivation than any tool writes',
        )
      cpu.charge(iterations * microsecondsEach)
    },
  }
}

/** Measured costs. For PKCS#12's own derivation, our code calls a digest for each round. PBKDF2 runs inside OpenSSL. */
const digestMicroseconds = { sha1: 1, sha256: 1, sha384: 1.2, sha512: 1.2 } as const
const hmacMicroseconds = { sha1: 0.25, sha256: 0.25, sha384: 0.6, sha512: 0.6 } as const

/** The cost of one iteration of PKCS#12's own derivation. */
export const pkcs12Microseconds = (digest: Pkcs12Digest, byteLength: number): number =>
  digestMicroseconds[digest] * blocksFor(digest, byteLength)

/** The cost of one iteration of PBKDF2. */
export const pbkdf2Microseconds = (digest: Pkcs12Digest, byteLength: number): number =>
  hmacMicroseconds[digest] * blocksFor(digest, byteLength)

const blocksFor = (digest: Pkcs12Digest, byteLength: number): number =>
  Math.ceil(byteLength / pkcs12Digests[digest].outputBytes)

import { UnreadableError } from './der.ts'
import { type Pkcs12Digest, pkcs12Digests } from './pkcs12-key.ts'

/** What tools call "no password": an empty one, or none at all. Only PKCS#12's own key derivation tells them apart. */
export type PfxPassword = '' | undefined

/** What a file may cost: its salts and counts come from outside, and a count of 2^31 would take half an hour. */
export interface DerivationBudget {
  /** @throws UnreadableError when the count is beyond what any tool writes, or the whole file asks for too much */
  readonly spend: (cost: DerivationCost) => void
}

export interface DerivationCost {
  readonly iterations: number
  /** How many digests one iteration takes. */
  readonly digestsEach: number
  readonly salt: Uint8Array
}

/** The largest that tools write (GnuTLS, NSS); OpenSSL and Windows write some 2,000. */
const maxIterations = 600_000
/** Less than a second on one core, and enough for the largest of the above. */
const maxDigests = 900_000
const maxSaltBytes = 1024

export function derivationBudget(): DerivationBudget {
  let left = maxDigests
  return {
    spend: ({ iterations, digestsEach, salt }) => {
      if (iterations < 1 || iterations > maxIterations)
        throw new UnreadableError(
          `it asks for ${iterations} rounds of key derivation; accepted: 1 to ${maxIterations}`,
        )
      if (salt.length > maxSaltBytes) throw new UnreadableError('a salt in it is over 1 KiB')
      left -= iterations * digestsEach
      if (left < 0)
        throw new UnreadableError(
          'its parts together ask for more rounds of key derivation than any tool writes',
        )
    },
  }
}

/** How many digests an iteration of PKCS#12's own derivation takes for so many bytes. */
export const digestsFor = (digest: Pkcs12Digest, byteLength: number): number =>
  Math.ceil(byteLength / pkcs12Digests[digest].outputBytes)

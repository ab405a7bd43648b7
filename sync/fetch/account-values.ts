import type { RefreshState } from '../../delivery/projection/refresh-content.ts'
import type { FoundByFind } from '../../keyvault/finds/find-result.ts'
import type { AkvError } from '../../lib/errors/akv-error.ts'

/** What the controller keeps of an account's values between rounds. It is never shared between accounts. */
export interface AccountValues {
  readonly refresh: RefreshState
  /** The versions of the values in the content, by `versionKeyAt`. */
  readonly versions: ReadonlyMap<string, string>
  /** The objects that were missing when the vault was last asked, by `objectKey`, with the vault's answer. */
  readonly removed: ReadonlyMap<string, AkvError>
  /** The `#*` entries that have been given all properties of their value, possibly none: their Secrets, by `destinationKey`. */
  readonly filled: ReadonlyMap<string, string>
  /** The names of the composed Secrets whose values are too large to be kept between rounds. */
  readonly tooLarge: ReadonlySet<string>
  /** The names of the Secrets whose stored values have been read into the content. */
  readonly seeded: ReadonlySet<string>
  /** What the finds have found. */
  readonly findings: FoundByFind
}

import type { SecretPattern } from '../../delivery/contract.ts'
import { destinationKey, type SecretValue } from '../../delivery/destination.ts'

/** A search of a vault. Each secret that it finds becomes a value of its Secret. */
export interface SecretFind {
  /** The input that gets the values, or the Secret whose keys they are. */
  readonly to: SecretValue['to']
  readonly vault: string
  /** Those of an ExternalSecret, or the pattern of an annotation. */
  readonly criteria: FindCriteria | SecretPattern
  /** Of an annotation: it isn't an error if nothing is found. */
  readonly optional?: true
}

/** What a secret needs to be found: all of it. Without anything, every enabled secret of the vault is found. */
export interface FindCriteria {
  /** A regular expression of Go, which is searched in the name. */
  readonly expression?: string
  /** Tags that the secret needs, with exactly these values. */
  readonly tags: Readonly<Record<string, string>>
}

/** Identifies a find. One that looks for something else has another key. */
export const secretFindKey = ({ to, vault, criteria }: SecretFind): string =>
  `${destinationKey(to)} ${vault} ${JSON.stringify(criteria)}`

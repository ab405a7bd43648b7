import type { SecretClientOptions } from '@azure/keyvault-secrets'
import type { PublicJwk } from '../formats/public-key.ts'
import type { ObjectReference } from '../reference.ts'

/** An object as the vault returned it. */
export type FetchedObject = FetchedSecret | FetchedKey | FetchedCertificate

interface Fetched extends ObjectDates {
  readonly updatedAtMs?: number
  readonly notBeforeAtMs?: number
  /** Absent: it has none. */
  readonly tags?: Readonly<Record<string, string>>
  /** The version in the answer; absent if the answer doesn't name one. */
  readonly version?: string
}

/** Dates of one version of an object, in milliseconds since 1970. */
export interface ObjectDates {
  readonly createdAtMs?: number
  /**
   * The attribute `exp`. Absent: the version doesn't expire. For a certificate, its key and its secret, Key Vault sets it to the
   * certificate's `notAfter`.
   */
  readonly expiresAtMs?: number
}

export interface FetchedSecret extends Fetched {
  readonly kind: 'secret'
  readonly value: string
  readonly contentType: string | undefined
  /** Whether the secret backs a certificate of the same name. */
  readonly isCertificate: boolean
}

interface FetchedKey extends Fetched {
  readonly kind: 'key'
  readonly jwk: PublicJwk
  readonly isCertificate: boolean
}

interface FetchedCertificate extends Fetched {
  readonly kind: 'certificate'
  /** The leaf certificate. */
  readonly der: Uint8Array
}

/** One version of an object, as a list contains it. */
export interface ListedVersion {
  readonly version: string
  readonly isEnabled: boolean
  /** Key Vault's dates have a precision of one second. */
  readonly createdAtMs: number
}

/** A secret, as the list of a vault's secrets contains it: its newest version, without a value. */
export interface ListedSecret {
  /** As the vault writes it. */
  readonly name: string
  readonly isEnabled: boolean
  /** Whether it belongs to a certificate, so that its value contains a private key. */
  readonly isCertificate: boolean
  /** In whole seconds, as Key Vault's dates are. Absent: the answer has no date. */
  readonly updatedAtMs?: number
  readonly tags: ReadonlyMap<string, string>
}

/** A client of one of the SDKs. Its answers are untrusted, whatever their types say. */
export interface ObjectClient {
  get(
    reference: ObjectReference,
    options: CallOptions,
  ): Promise<{ readonly object: FetchedObject; readonly properties: ObjectProperties }>
  versionPages(name: string, options: CallOptions): AsyncIterable<readonly ObjectProperties[]>
  /** All secrets of the vault. Only the client of secrets has it. */
  secretPages?(options: CallOptions): AsyncIterable<readonly ListedProperties[]>
}

export interface CallOptions {
  readonly abortSignal?: AbortSignal
}

/** The options that the clients of all SDKs share. */
export type ClientOptions = Omit<SecretClientOptions, 'serviceVersion'>

/** The properties of a secret in a list. `managed`: a certificate's. */
export interface ListedProperties extends ObjectProperties {
  readonly name?: string
  readonly managed?: boolean
}

/** The properties that objects of all kinds share. */
export interface ObjectProperties {
  readonly version?: string
  readonly enabled?: boolean
  readonly createdOn?: Date
  readonly expiresOn?: Date
  readonly updatedOn?: Date
  readonly notBefore?: Date
  readonly tags?: Readonly<Record<string, unknown>>
}

/** The guard sends the token, so the SDKs' own challenge handling never requests one. */
export const noCredential = {
  getToken: () =>
    Promise.reject(new Error('a challenge reached the SDK, which the guard prevents')),
}

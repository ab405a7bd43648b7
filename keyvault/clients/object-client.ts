import type { SecretClientOptions } from '@azure/keyvault-secrets'
import type { PublicJwk } from '../formats/public-key.ts'
import type { ObjectReference } from '../reference.ts'

/** An object as a vault answered it. */
export type FetchedObject = FetchedSecret | FetchedKey | FetchedCertificate

interface Fetched {
  /** The version in the answer; absent if the answer doesn't name one. */
  readonly version?: string
}

export interface FetchedSecret extends Fetched {
  readonly kind: 'secret'
  readonly value: string
  readonly contentType: string | undefined
  /** A side of a certificate of the same name. */
  readonly isCertificate: boolean
}

export interface FetchedKey extends Fetched {
  readonly kind: 'key'
  readonly jwk: PublicJwk
  readonly isCertificate: boolean
}

export interface FetchedCertificate extends Fetched {
  readonly kind: 'certificate'
  /** The leaf. */
  readonly der: Uint8Array
}

/** One version of an object, as lists have it. */
export interface ListedVersion {
  readonly version: string
  readonly isEnabled: boolean
  /** Key Vault's own precision: whole seconds. */
  readonly createdAtMs: number
}

/** One of the SDK's clients. What it answers is untrusted, whatever its types say. */
export interface ObjectClient {
  get(
    reference: ObjectReference,
    options: CallOptions,
  ): Promise<{ readonly object: FetchedObject; readonly properties: ObjectProperties }>
  versionPages(name: string, options: CallOptions): AsyncIterable<readonly ObjectProperties[]>
}

export interface CallOptions {
  readonly abortSignal?: AbortSignal
}

/** What the SDKs' clients have in common. */
export type ClientOptions = Omit<SecretClientOptions, 'serviceVersion'>

/** What the properties of all kinds have. */
export interface ObjectProperties {
  readonly version?: string
  readonly enabled?: boolean
  readonly createdOn?: Date
}

/** The guard sends the token; the SDKs' own challenge handling never comes to ask for one. */
export const noCredential = {
  getToken: () =>
    Promise.reject(new Error('a challenge reached the SDK, which the guard prevents')),
}

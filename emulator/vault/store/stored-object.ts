/** The contents of a vault: collections of objects with their versions. */

import type { CertificateData, KeyData, VersionData } from '../../data/data.ts'
import type { IssuedCertificate } from '../../material/issue-certificate.ts'
import type { EmulatedJwk } from '../../material/make-key.ts'
import type { CertificateMaterial } from '../../material/specs.ts'

export type Vaults = ReadonlyMap<string, Vault>

export interface Vault {
  readonly name: string
  readonly readers: ReadonlySet<string>
  readonly writers: ReadonlySet<string>
  /** Without the secrets of certificates (see `managed.ts`). */
  readonly secrets: StoredCollection<SecretVersion>
  /** Without the keys of certificates (see `managed.ts`). */
  readonly keys: StoredCollection<OwnKeyVersion>
  readonly certificates: StoredCollection<CertificateVersion>
}

/** By lower-case name. */
export type StoredCollection<V> = Map<string, StoredObject<V>>

export interface StoredObject<V> {
  readonly name: string
  /** Oldest first, never empty. */
  readonly versions: readonly V[]
  readonly deletedAt?: Date | undefined
}

/** One version of an object that isn't deleted. */
export interface Live<V> {
  readonly object: StoredObject<V>
  readonly version: V
}

/** The properties that versions of all kinds share. */
export interface Version extends VersionData {
  readonly version: string
  readonly created: Date
  readonly updated: Date
}

export interface SecretVersion extends Version {
  readonly contentType?: string | undefined
  readonly content:
    | { readonly kind: 'text'; readonly value: string }
    | { readonly kind: 'certificate'; readonly certificate: CertificateVersion }
}

export interface KeyVersion extends Version {
  /** Made on the first call. */
  readonly jwk: () => Promise<EmulatedJwk>
  /** Whether the key belongs to a certificate. */
  readonly managed: boolean
}

/** A key that doesn't belong to a certificate. */
export interface OwnKeyVersion extends KeyVersion {
  readonly key: KeyData['key']
}

export interface CertificateVersion extends Version {
  readonly data: CertificateData
  /** Made on the first call, like the secret's value. */
  readonly material: () => Promise<CertificateMaterial>
  readonly secretValue: () => Promise<string>
  readonly authorities: Authorities
}

/** The authorities above a certificate's versions: so many intermediates, then the root. */
export type Authorities = (intermediates: number) => Promise<readonly IssuedCertificate[]>

/** A property that is absent stays as it was. */
export type VersionChange = Partial<
  Pick<SecretVersion, 'contentType' | 'tags' | 'enabled' | 'expires' | 'notBefore'>
>

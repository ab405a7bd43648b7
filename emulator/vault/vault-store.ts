/** The vaults, in memory: what there is, and what may happen to it. Names compare without regard to case. */

import type {
  CertificateData,
  CertificateMaterial,
  EmulatorData,
  KeyData,
  ObjectData,
  VersionData,
} from '../data/data.ts'
import type { PublicJwk } from '../material/make-key.ts'
import { authoritiesOf, newCertificate, newKey, newSecret } from './new-version.ts'

export interface Vault {
  readonly name: string
  readonly readers: ReadonlySet<string>
  readonly writers: ReadonlySet<string>
  /** Those of certificates are not among them (see `managed.ts`), nor are they among the keys. */
  readonly secrets: Collection<SecretVersion>
  readonly keys: Collection<OwnKeyVersion>
  readonly certificates: Collection<CertificateVersion>
}

/** By lower-case name. */
export type Collection<V> = Map<string, StoredObject<V>>

export interface StoredObject<V> {
  readonly name: string
  /** Oldest first, never empty. */
  readonly versions: readonly V[]
  readonly deletedAt?: Date | undefined
}

/** What versions of all sorts have. */
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
  /** Made when it is first asked for. */
  readonly jwk: () => Promise<PublicJwk>
  /** Whether it is a certificate's. */
  readonly managed: boolean
}

/** A key that is no certificate's. */
export interface OwnKeyVersion extends KeyVersion {
  readonly key: KeyData['key']
}

export interface CertificateVersion extends Version {
  readonly data: CertificateData
  /** Made when it is first asked for, and so is the value of its secret. */
  readonly material: () => Promise<CertificateMaterial>
  readonly secretValue: () => Promise<string>
  readonly authorities: ReturnType<typeof authoritiesOf>
}

/** What a change leaves alone is absent. */
export type VersionChange = Partial<
  Pick<SecretVersion, 'contentType' | 'tags' | 'enabled' | 'expires' | 'notBefore'>
>

export type Vaults = ReadonlyMap<string, Vault>

export function createVaults({ vaults }: EmulatorData, now: Date): Vaults {
  return new Map(
    vaults.map(({ name, readers, writers, secrets, keys, certificates }) => [
      name,
      {
        name,
        readers: new Set(readers),
        writers: new Set(writers),
        secrets: collect(secrets, () => (version) => newSecret(version, now), now),
        keys: collect(keys, () => (version) => newKey(version, now), now),
        certificates: collect(
          certificates,
          (certificate) => {
            const authorities = authoritiesOf(certificate)
            return (version) => newCertificate(version, { authorities, now })
          },
          now,
        ),
      },
    ]),
  )
}

function collect<D, V extends Version>(
  objects: readonly ObjectData<D>[],
  makerFor: (name: string) => (data: D) => V,
  now: Date,
): Collection<V> {
  return new Map(
    objects.map(({ name, versions, deleted }) => [
      name.toLowerCase(),
      {
        name,
        versions: versions
          .map(makerFor(name))
          .toSorted((a, b) => a.created.getTime() - b.created.getTime()),
        deletedAt: deleted ? now : undefined,
      },
    ]),
  )
}

export const findVault = (vaults: Vaults, name: string): Vault | undefined =>
  vaults.get(name.toLowerCase())

/** The object, deleted or not. */
export const find = <V>(collection: Collection<V>, name: string): StoredObject<V> | undefined =>
  collection.get(name.toLowerCase())

/** The version asked for, or the newest: a disabled one isn't passed over for an older. */
export const findVersion = <V extends Version>(
  object: StoredObject<V>,
  version?: string,
): V | undefined =>
  version === undefined
    ? object.versions.at(-1)
    : object.versions.find((one) => one.version === version.toLowerCase())

export const newest = <V extends Version>(object: StoredObject<V>): V => {
  const version = findVersion(object)
  if (version === undefined) throw new Error(`${object.name} has no version`)
  return version
}

/** Adds a version, and the object where there is none of that name. */
export function addVersion<V>(collection: Collection<V>, name: string, version: V) {
  const before = find(collection, name) ?? { name, versions: [] }
  return put(collection, { ...before, versions: [...before.versions, version] })
}

export interface Change<V> {
  readonly collection: Collection<V>
  readonly object: StoredObject<V>
  readonly version: V
  readonly change: VersionChange
  readonly now: Date
}

export function changeVersion<V extends Version>(wanted: Change<V>): V {
  const { collection, object, version, change, now } = wanted
  const changed = { ...version, ...change, updated: now }
  put(collection, {
    ...object,
    versions: object.versions.map((one) => (one.version === version.version ? changed : one)),
  })
  return changed
}

/** Soft deletion, or (undefined) recovery. */
export const setDeleted = <V>(
  collection: Collection<V>,
  object: StoredObject<V>,
  deletedAt: Date | undefined,
): StoredObject<V> => put(collection, { ...object, deletedAt })

export const purge = <V>(collection: Collection<V>, { name }: StoredObject<V>): boolean =>
  collection.delete(name.toLowerCase())

function put<V>(collection: Collection<V>, object: StoredObject<V>): StoredObject<V> {
  collection.set(object.name.toLowerCase(), object)
  return object
}

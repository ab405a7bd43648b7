/** Changes that an administrator would make in the portal, not through the data plane. */

import type { CertificateData } from '../../data/data.ts'
import type { ObjectKind } from '../../refusals/vault-refusal.ts'
import { newCertificate, newKey, newSecret } from './new-version.ts'
import type {
  StoredCollection,
  StoredObject,
  Vault,
  Vaults,
  Version,
  VersionChange,
} from './stored-object.ts'
import {
  addVersion,
  changeVersion,
  find,
  findVault,
  findVersion,
  newest,
  setDeleted,
} from './vault-store.ts'

interface ObjectName {
  readonly vault: string
  readonly name: string
  /** Default: the certificate of that name if it exists, otherwise the secret. */
  readonly type?: ObjectKind | undefined
}

export interface ObjectChange extends ObjectName {
  /** Default: the newest version. */
  readonly version?: string | undefined
  readonly enabled?: boolean | undefined
  /** Secrets only. */
  readonly contentType?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly deleted?: boolean | undefined
}

export interface Rotation extends ObjectName {
  /** Secrets only. Default: a random value. Keys and certificates always get a generated key. */
  readonly value?: string | undefined
}

export type Creation = Omit<Rotation, 'type'>

const generatedLength = 32

/** @throws Error when the vault doesn't exist, or already has this secret or a certificate of this name */
export function create(vaults: Vaults, { value, ...named }: Creation, now: Date): string {
  const { name } = named
  const vault = needVault(vaults, named.vault)
  const hasCertificate = find(vault.certificates, name) !== undefined
  if (hasCertificate || find(vault.secrets, name) !== undefined)
    throw new Error(
      `the vault ${vault.name} already has a ${hasCertificate ? 'certificate' : 'secret'} ${name}`,
    )
  return add(vault.secrets, name, newSecret(secretData(value), now))
}

/** @throws Error when the vault or the object doesn't exist, or the object is deleted */
export function rotate(vaults: Vaults, { value, ...named }: Rotation, now: Date): string {
  const vault = needVault(vaults, named.vault)
  const { name, type = typeOf(vault, named.name) } = named
  if (type !== 'secret' && value !== undefined)
    throw new Error(`the ${type} ${name} takes no value: a rotation generates a new key`)
  switch (type) {
    case 'secret':
      return rotateSecret(vault, name, { value, now })
    case 'key': {
      const { key } = newest(needLive(vault, vault.keys, { type, name }))
      if ('publicKey' in key) throw wasImported(type, name)
      return add(vault.keys, name, newKey({ key, enabled: true }, now))
    }
    case 'certificate': {
      const { data, authorities } = newest(needLive(vault, vault.certificates, { type, name }))
      const next = newCertificate(renewed(data, name), { authorities, now })
      return add(vault.certificates, name, next)
    }
    default:
      return type satisfies never
  }
}

function rotateSecret(
  vault: Vault,
  name: string,
  { value, now }: { readonly value: string | undefined; readonly now: Date },
): string {
  if (find(vault.certificates, name) !== undefined)
    throw new Error(`the secret ${name} belongs to a certificate: rotate the certificate`)
  needLive(vault, vault.secrets, { type: 'secret', name })
  return add(vault.secrets, name, newSecret(secretData(value), now))
}

const secretData = (value: string | undefined) => ({
  value: value ?? { generate: generatedLength },
  enabled: true,
})

/** The previous version's description, without the properties of that version alone. */
function renewed(data: CertificateData, name: string): CertificateData {
  const { certificate, contentType, exportable } = data
  if ('certificates' in certificate) throw wasImported('certificate', name)
  return { certificate, contentType, exportable, enabled: true }
}

const wasImported = (type: ObjectKind, name: string) =>
  new Error(`the ${type} ${name} was imported, so the emulator cannot generate a new version`)
const isDeleted = (type: ObjectKind, name: string) =>
  new Error(`the ${type} ${name} is deleted: recover it first`)

function add<V extends Version>(collection: StoredCollection<V>, name: string, version: V): string {
  addVersion(collection, name, version)
  return version.version
}

/** @throws Error when the vault, object or version doesn't exist */
export function update(vaults: Vaults, wanted: ObjectChange, now: Date): void {
  const vault = needVault(vaults, wanted.vault)
  const { type = typeOf(vault, wanted.name) } = wanted
  if (type !== 'secret' && wanted.contentType !== undefined)
    throw new Error(`the ${type} ${wanted.name} takes no contentType: its policy has one`)
  const named = { ...wanted, type, now }
  if (type === 'secret') change(vault, vault.secrets, named)
  else if (type === 'key') change(vault, vault.keys, named)
  else change(vault, vault.certificates, named)
}

function change<V extends Version>(
  vault: Vault,
  collection: StoredCollection<V>,
  wanted: ObjectChange & { readonly type: ObjectKind; readonly now: Date },
): void {
  const { type, name, deleted, now } = wanted
  const object = need(vault, collection, { type, name })
  const version = findVersion(object, wanted.version)
  if (version === undefined)
    throw new Error(`the ${type} ${object.name} has no version ${wanted.version}`)
  const changes = changeOf(wanted)
  if (Object.keys(changes).length > 0)
    changeVersion({ collection, object, version, change: changes, now })
  if (deleted !== undefined)
    setDeleted(collection, find(collection, name) ?? object, deleted ? now : undefined)
}

const changeOf = ({ enabled, contentType, tags }: ObjectChange): VersionChange => ({
  ...(enabled === undefined ? {} : { enabled }),
  ...(contentType === undefined ? {} : { contentType }),
  ...(tags === undefined ? {} : { tags }),
})

const typeOf = (vault: Vault, name: string): ObjectKind =>
  find(vault.certificates, name) === undefined ? 'secret' : 'certificate'

interface Named {
  readonly type: ObjectKind
  readonly name: string
}

function need<V>(
  vault: Vault,
  collection: StoredCollection<V>,
  { type, name }: Named,
): StoredObject<V> {
  const object = find(collection, name)
  if (object === undefined) throw new Error(`the vault ${vault.name} has no ${type} ${name}`)
  return object
}

function needLive<V>(vault: Vault, collection: StoredCollection<V>, named: Named): StoredObject<V> {
  const object = need(vault, collection, named)
  if (object.deletedAt !== undefined) throw isDeleted(named.type, object.name)
  return object
}

function needVault(vaults: Vaults, name: string): Vault {
  const vault = findVault(vaults, name)
  if (vault === undefined)
    throw new Error(`unknown vault ${name}; existing vaults: ${[...vaults.keys()].join(', ')}`)
  return vault
}

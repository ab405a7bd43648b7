/** Changes from outside the data plane: what an operator would do in the portal. */

import {
  addVersion,
  changeVersion,
  findSecret,
  findVault,
  findVersion,
  randomValue,
  setDeleted,
  type Vault,
  type Vaults,
  type VersionChange,
} from './vault-store.ts'

export interface SecretChange {
  readonly vault: string
  readonly name: string
  /** Default: the newest. */
  readonly version?: string | undefined
  readonly enabled?: boolean | undefined
  readonly contentType?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly deleted?: boolean | undefined
}

export interface Rotation {
  readonly vault: string
  readonly name: string
  /** Default: a random one. */
  readonly value?: string | undefined
}

const generatedLength = 32

/** @throws Error when there is no such vault, or the secret is deleted */
export function rotateSecret(
  vaults: Vaults,
  { vault: vaultName, name, value }: Rotation,
  now: Date,
): string {
  const vault = needVault(vaults, vaultName)
  if (findSecret(vault, name)?.deletedAt !== undefined)
    throw new Error(`the secret ${name} is deleted: recover it first`)
  const data = { value: value ?? randomValue(generatedLength), enabled: true }
  return addVersion(vault, name, data, now).version.version
}

/** @throws Error when there is no such vault, secret or version */
export function updateSecret(
  vaults: Vaults,
  { deleted, ...wanted }: SecretChange,
  now: Date,
): void {
  const vault = needVault(vaults, wanted.vault)
  const secret = findSecret(vault, wanted.name)
  if (secret === undefined) throw new Error(`the vault ${vault.name} has no secret ${wanted.name}`)
  const version = findVersion(secret, wanted.version)
  if (version === undefined)
    throw new Error(`the secret ${secret.name} has no version ${wanted.version}`)
  const change = changeOf(wanted)
  if (Object.keys(change).length > 0) changeVersion({ vault, secret, version, change, now })
  const changed = findSecret(vault, wanted.name) ?? secret
  if (deleted !== undefined) setDeleted(vault, changed, deleted ? now : undefined)
}

const changeOf = ({ enabled, contentType, tags }: SecretChange): VersionChange => ({
  ...(enabled === undefined ? {} : { enabled }),
  ...(contentType === undefined ? {} : { contentType }),
  ...(tags === undefined ? {} : { tags }),
})

function needVault(vaults: Vaults, name: string): Vault {
  const vault = findVault(vaults, name)
  if (vault === undefined)
    throw new Error(`there is no vault ${name}; there are: ${[...vaults.keys()].join(', ')}`)
  return vault
}

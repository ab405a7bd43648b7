/** The vaults, in memory: what there is, and what may happen to it. Names compare without regard to case. */

import { randomBytes, randomInt } from 'node:crypto'
import type { EmulatorData, VersionData } from './data.ts'

export interface Vault {
  readonly name: string
  readonly readers: ReadonlySet<string>
  readonly writers: ReadonlySet<string>
  /** By lower-case name. */
  readonly secrets: Map<string, Secret>
}

export interface Secret {
  readonly name: string
  /** Oldest first, never empty. */
  readonly versions: readonly SecretVersion[]
  readonly deletedAt?: Date | undefined
}

export interface SecretVersion extends Omit<VersionData, 'value'> {
  readonly version: string
  readonly value: string
  readonly created: Date
  readonly updated: Date
}

/** What a change leaves alone is absent. */
export type VersionChange = Partial<
  Pick<VersionData, 'contentType' | 'tags' | 'enabled' | 'expires' | 'notBefore'>
>

export type Vaults = ReadonlyMap<string, Vault>

export function createVaults({ vaults }: EmulatorData, now: Date): Vaults {
  return new Map(
    vaults.map(({ name, readers, writers, secrets }) => [
      name,
      {
        name,
        readers: new Set(readers),
        writers: new Set(writers),
        secrets: new Map(
          secrets.map((secret) => [
            secret.name.toLowerCase(),
            {
              name: secret.name,
              versions: secret.versions
                .map((version) => newVersion(version, now))
                .toSorted((a, b) => a.created.getTime() - b.created.getTime()),
              deletedAt: secret.deleted ? now : undefined,
            },
          ]),
        ),
      },
    ]),
  )
}

export const findVault = (vaults: Vaults, name: string): Vault | undefined =>
  vaults.get(name.toLowerCase())

/** The secret, deleted or not. */
export const findSecret = (vault: Vault, name: string): Secret | undefined =>
  vault.secrets.get(name.toLowerCase())

/** The version asked for, or the newest: a disabled one isn't passed over for an older. */
export const findVersion = (secret: Secret, version?: string): SecretVersion | undefined =>
  version === undefined
    ? secret.versions.at(-1)
    : secret.versions.find((one) => one.version === version.toLowerCase())

/** Adds a version, and the secret where there is none of that name. */
export function addVersion(vault: Vault, name: string, data: VersionData, now: Date) {
  const version = newVersion(data, now)
  const before = findSecret(vault, name) ?? { name, versions: [] }
  const secret: Secret = { ...before, versions: [...before.versions, version] }
  put(vault, secret)
  return { secret, version }
}

export interface Change {
  readonly vault: Vault
  readonly secret: Secret
  readonly version: SecretVersion
  readonly change: VersionChange
  readonly now: Date
}

export function changeVersion({ vault, secret, version, change, now }: Change): SecretVersion {
  const changed = { ...version, ...change, updated: now }
  put(vault, {
    ...secret,
    versions: secret.versions.map((one) => (one.version === version.version ? changed : one)),
  })
  return changed
}

/** Soft deletion, or (undefined) recovery. */
export function setDeleted(vault: Vault, secret: Secret, deletedAt: Date | undefined): Secret {
  const changed = { ...secret, deletedAt }
  put(vault, changed)
  return changed
}

export const purge = (vault: Vault, secret: Secret): boolean =>
  vault.secrets.delete(secret.name.toLowerCase())

const put = (vault: Vault, secret: Secret) => vault.secrets.set(secret.name.toLowerCase(), secret)

function newVersion(data: VersionData, now: Date): SecretVersion {
  const created = data.created ?? now
  return {
    ...data,
    version: data.version ?? randomBytes(16).toString('hex'),
    value: typeof data.value === 'string' ? data.value : randomValue(data.value.generate),
    created,
    updated: created,
  }
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

export function randomValue(length: number): string {
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('')
}

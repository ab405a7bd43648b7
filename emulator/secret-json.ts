/** Secrets as Key Vault writes them. Identifiers name the service's own host, as a client of the service expects. */

import { seconds } from './signer.ts'
import type { Secret, SecretVersion, Vault } from './vault-store.ts'

const dayMs = 24 * 60 * 60 * 1000
const recoverableDays = 90

export const secretId = (vault: Vault, secret: Secret): string =>
  `https://${vault.name}.vault.azure.net/secrets/${secret.name}`

const metadata = (id: string, { contentType, tags, ...version }: SecretVersion) => ({
  ...(contentType === undefined ? {} : { contentType }),
  id,
  attributes: {
    enabled: version.enabled,
    ...(version.notBefore === undefined ? {} : { nbf: seconds(version.notBefore) }),
    ...(version.expires === undefined ? {} : { exp: seconds(version.expires) }),
    created: seconds(version.created),
    updated: seconds(version.updated),
    recoveryLevel: 'Recoverable+Purgeable',
    recoverableDays,
  },
  ...(tags === undefined ? {} : { tags }),
})

/** With the version in the identifier, without the value: what an update answers, and a list of versions holds. */
export const versionItem = (vault: Vault, secret: Secret, version: SecretVersion) =>
  metadata(`${secretId(vault, secret)}/${version.version}`, version)

export const secretBundle = (vault: Vault, secret: Secret, version: SecretVersion) => ({
  value: version.value,
  ...versionItem(vault, secret, version),
})

/** In a list of secrets the newest version's metadata stands, the identifier without a version. */
export const secretItem = (vault: Vault, secret: Secret, version: SecretVersion) =>
  metadata(secretId(vault, secret), version)

export const deletion = (vault: Vault, secret: Secret, deletedAt: Date) => ({
  recoveryId: `https://${vault.name}.vault.azure.net/deletedsecrets/${secret.name}`,
  deletedDate: seconds(deletedAt),
  scheduledPurgeDate: seconds(new Date(deletedAt.getTime() + recoverableDays * dayMs)),
})

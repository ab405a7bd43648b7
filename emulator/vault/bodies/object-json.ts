/** The parts of Key Vault's JSON that secrets, keys and certificates share. */

import { seconds } from '../../entra/signer.ts'
import type { ObjectKind } from '../../refusals/vault-refusal.ts'
import type { Vault, Version } from '../store/stored-object.ts'

const dayMs = 24 * 60 * 60 * 1000
const recoverableDays = 90

/** Identifiers contain the service's host name, as its clients expect. */
export const objectId = (vault: Vault, kind: ObjectKind, name: string): string =>
  `https://${vault.name}.vault.azure.net/${kind}s/${name}`

export const attributesOf = (version: Version) => ({
  enabled: version.enabled,
  ...(version.notBefore === undefined ? {} : { nbf: seconds(version.notBefore) }),
  ...(version.expires === undefined ? {} : { exp: seconds(version.expires) }),
  created: seconds(version.created),
  updated: seconds(version.updated),
  recoveryLevel: 'Recoverable+Purgeable',
  recoverableDays,
})

export const tagsOf = ({ tags }: Version) => (tags === undefined ? {} : { tags })

/** The additional properties of a deleted secret. */
export const deletion = (vault: Vault, name: string, deletedAt: Date) => ({
  recoveryId: `https://${vault.name}.vault.azure.net/deletedsecrets/${name}`,
  deletedDate: seconds(deletedAt),
  scheduledPurgeDate: seconds(new Date(deletedAt.getTime() + recoverableDays * dayMs)),
})

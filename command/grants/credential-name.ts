import { createHash } from 'node:crypto'

const wholeName = (namespace: string, account: string): string =>
  `${namespace}_${account.replaceAll('.', '_')}`

/** Whether a credential's name has a hash of the account's, because that is long. */
export const hasHash = (namespace: string, account: string): boolean =>
  wholeName(namespace, account).length > maxCredentialName

/**
 * Azure accepts 3 to 120 letters, digits, hyphens and underscores. Kubernetes' names have no underscores, and a hash keeps
 * long names apart.
 */
export function credentialName(namespace: string, account: string): string {
  const name = wholeName(namespace, account)
  if (!hasHash(namespace, account)) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16)
  return `${name.slice(0, maxCredentialName - hash.length - 1)}_${hash}`
}

/** Shorter than Azure's limit, so that there is room for the name of the cluster. */
const maxCredentialName = 90

import type { Account } from '../request/read-account.ts'
import { adoptAnnotation, managedByLabel, managedByUs } from './names.ts'
import type { StoredSecret } from './stored-secret.ts'

/**
 * Whose a Secret is, seen from an account: its own (`ours`); its own of a life before, when the account was another
 * object of the same name (`former`); given to it by an annotation (`offered`); or somebody else's (`foreign`).
 */
export type Ownership = 'ours' | 'former' | 'offered' | 'foreign'

/** Ours is what has the label and an owner reference to the account by its uid: either alone, anybody copies by accident. */
export function ownershipOf(
  stored: StoredSecret,
  account: Pick<Account, 'name' | 'uid'>,
): Ownership {
  const { labels, owners } = stored
  const accounts = owners.filter(isAccount)
  const isManaged = labels.get(managedByLabel) === managedByUs
  if (isManaged && accounts.some(({ uid }) => uid === account.uid)) return 'ours'
  if (isManaged && accounts.some(({ name }) => name === account.name)) return 'former'
  // Two accounts that name one Secret would take it from each other for ever.
  if (isManaged && accounts.length > 0) return 'foreign'
  return isOffered(stored) ? 'offered' : 'foreign'
}

/** Whether somebody has said that the account may have it. */
export const isOffered = ({ annotations }: Pick<StoredSecret, 'annotations'>): boolean =>
  annotations.get(adoptAnnotation) === 'true'

/** By whom a foreign Secret seems to be made, for a message. */
export function describeOwner({ labels, owners }: StoredSecret): string | undefined {
  const [owner] = owners
  if (owner !== undefined) return `${owner.kind}/${owner.name}`
  return labels.get(managedByLabel)
}

const isAccount = ({ apiVersion, kind }: StoredSecret['owners'][number]): boolean =>
  apiVersion === 'v1' && kind === 'ServiceAccount'

import type { Account } from '../../requests/account/account.ts'
import { adoptAnnotation, managedByLabel, managedByUs } from '../../requests/secret/names.ts'
import type { StoredSecret } from './stored-secret.ts'

/**
 * To whom a Secret belongs, as seen by an account. `ours`: to this account; `former`: to a deleted account of the same
 * name; `offered`: to somebody else, who hands it over by an annotation; `foreign`: to somebody else.
 */
type Ownership = 'ours' | 'former' | 'offered' | 'foreign'

/**
 * A Secret is ours if it has the label and an owner reference with the account's uid. One of them isn't enough: people copy
 * labels, or owner references, by accident.
 */
export function ownershipOf(
  stored: StoredSecret,
  account: Pick<Account, 'name' | 'uid'>,
): Ownership {
  const { labels, owners } = stored
  const accounts = owners.filter(isAccount)
  const isManaged = labels.get(managedByLabel) === managedByUs
  if (isManaged && accounts.some(({ uid }) => uid === account.uid)) return 'ours'
  if (isManaged && accounts.some(({ name }) => name === account.name)) return 'former'
  // If adoption were allowed here, two accounts that name the same Secret would take it from each other forever.
  if (isManaged && accounts.length > 0) return 'foreign'
  return isOffered(stored) ? 'offered' : 'foreign'
}

/** Whether the Secret's annotation hands it over. */
export const isOffered = ({ annotations }: Pick<StoredSecret, 'annotations'>): boolean =>
  annotations.get(adoptAnnotation) === 'true'

/** Who seems to have created a foreign Secret, for a message. */
export function describeOwner({ labels, owners }: StoredSecret): string | undefined {
  const [owner] = owners
  if (owner !== undefined) return `${owner.kind}/${owner.name}`
  return labels.get(managedByLabel)
}

const isAccount = ({ apiVersion, kind }: StoredSecret['owners'][number]): boolean =>
  apiVersion === 'v1' && kind === 'ServiceAccount'

import { destinationKey } from '../../delivery/destination.ts'
import {
  type Content,
  type Delivered,
  noContent,
} from '../../delivery/projection/project-content.ts'
import type { Account } from '../../requests/account/account.ts'
import type { SyncRequest } from '../../requests/account/account-request.ts'
import type { SyncCluster } from '../cluster/cluster-port.ts'
import { ownershipOf } from '../plan/ownership.ts'
import type { SecretTurns } from '../plan/secret-turn.ts'
import type { StoredSecret } from '../plan/stored-secret.ts'
import type { AccountValues } from './account-values.ts'
import { maxKeptBytes, weightOf } from './bound-values.ts'
import { isAsked } from './objects-to-ask.ts'

/**
 * More than the values of any account: a vault bounds each to 25 KiB. Whoever may write Secrets can write more into them, in
 * our name, too. A value that isn't read stays in its Secret if the vault can't be asked.
 */
const maxSeededBytes = 16 * maxKeptBytes

/** The content, plus the stored values of Secrets that haven't been read before. */
export async function seedContent(
  {
    account,
    request,
    before,
    turns,
  }: {
    readonly account: Account
    readonly request: Pick<SyncRequest, 'secrets'>
    readonly before: AccountValues | undefined
    readonly turns: SecretTurns
  },
  cluster: Pick<SyncCluster, 'readSecret'>,
) {
  const found = new Map<string, StoredSecret | undefined>()
  const files = new Map(before?.refresh.content.files)
  let foundBytes = 0
  for (const { name } of request.secrets) {
    if (before?.seeded.has(name) || !isAsked(turns, name)) continue
    const stored = await cluster.readSecret({ namespace: account.namespace, name })
    foundBytes += stored === undefined ? 0 : weightOf(stored)
    if (stored && foundBytes <= maxSeededBytes && ownershipOf(stored, account) === 'ours')
      for (const value of valuesIn(stored)) files.set(destinationKey(value.to), value)
    // A Secret may hold a lot of other people's data. Beyond the limit it isn't kept, but read again when its turn comes.
    if (foundBytes <= maxKeptBytes) found.set(name, stored)
  }
  const content: Content = { files, env: noContent.env }
  return { content, found }
}

/** The keys that are ours. In a Secret that isn't claimed yet all keys are: we were stopped just after creating it. */
function valuesIn({ name, data, applied, unclaimedEntry }: StoredSecret): readonly Delivered[] {
  return [...data]
    .filter(([key]) => unclaimedEntry !== undefined || applied.data.has(key))
    .map(([key, bytes]) => ({ bytes, to: { kind: 'key', secret: name, key } }))
}

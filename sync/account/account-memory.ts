import { findingBytes } from '../../keyvault/finds/find-result.ts'
import type { Problem } from '../../lib/problems/problem.ts'
import type { Account } from '../../requests/account/account.ts'
import type { SeenAccount } from '../cluster/cluster-port.ts'
import { maxKeptBytes, valueBytesOf } from '../fetch/bound-values.ts'
import type { FairShares } from '../memory/fair-shares.ts'
import type { AccountState } from './account-state.ts'

/** An account with its state, its Reports and its place in the queue. */
const accountBytes = 3072

type Named = Pick<Account, 'namespace' | 'name'>

const accountKey = ({ name }: Named) => `account ${name}`
const valuesKey = ({ name }: Named) => `values of ${name}`

/**
 * Holds memory for the annotations of an account.
 *
 * @returns the account; without its annotations if there isn't enough room
 */
export function holdAccount(memory: FairShares, account: SeenAccount): SeenAccount {
  const { namespace } = account
  if (memory.hold(namespace, accountKey(account), bytesOf(account))) return account
  memory.release(namespace, accountKey(account))
  return { ...account, annotations: {}, neededBytes: bytesOf(account) }
}

/** The problem of an account whose annotations don't fit into its namespace's share. */
export const noRoom: Problem = {
  path: ['metadata', 'annotations'],
  sentence:
    "they need more memory than the namespace's share: the controller divides its memory among all namespaces; make them shorter, or ask an administrator to give the controller more memory",
}

/** Whether there is room now for the annotations of an account that there was none for. */
export const hasRoomAgain = (memory: FairShares, account: SeenAccount): boolean =>
  account.neededBytes !== undefined &&
  account.neededBytes <= memory.roomFor(account.namespace, accountKey(account))

const bytesOf = ({ annotations, status = '' }: SeenAccount): number =>
  accountBytes + 2 * (JSON.stringify(annotations).length + status.length)

/** How much memory the values of an account may take between rounds. */
export const roomForValues = ({
  memory,
  account,
}: {
  readonly memory: FairShares
  readonly account: Named
}): number => Math.min(maxKeptBytes, memory.roomFor(account.namespace, valuesKey(account)))

/** Holds memory for the values in a state. Without enough room, they are dropped, and the next round fetches them again. */
export function holdValues(
  state: AccountState,
  { memory, account }: { readonly memory: FairShares; readonly account: Named },
): AccountState {
  const values = state.access?.values
  const bytes =
    values === undefined ? 0 : valueBytesOf(values.refresh) + findingBytes(values.findings)
  if (memory.hold(account.namespace, valuesKey(account), bytes)) return state
  memory.release(account.namespace, valuesKey(account))
  return { ...state, access: state.access && { ...state.access, values: undefined } }
}

export function releaseAccount(memory: FairShares, account: Named): void {
  memory.release(account.namespace, accountKey(account))
  memory.release(account.namespace, valuesKey(account))
}

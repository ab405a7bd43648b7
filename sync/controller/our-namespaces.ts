import type { SeenAccount } from '../cluster/cluster-port.ts'
import type { Feed } from '../follow/feed.ts'
import type { FairShares } from '../memory/fair-shares.ts'
import type { Namespaces } from '../namespace/namespaces.ts'
import type { EnabledAccounts } from '../rights/enabled-accounts.ts'
import type { AccountChanges } from './account-changes.ts'

interface OurNamespacesOptions {
  readonly memory: FairShares
  readonly enabled: Pick<EnabledAccounts, 'of'>
  readonly accounts: Feed<SeenAccount>
  readonly namespaces: Namespaces
  readonly changes: AccountChanges
}

/** Begins with each namespace that becomes ours, and drops what is kept of one that isn't ours any more. Its Secrets stay. */
export class OurNamespaces {
  readonly #options: OurNamespacesOptions
  readonly #ours = new Set<string>()

  constructor(options: OurNamespacesOptions) {
    this.#options = options
  }

  /** The enabled accounts of a namespace have changed. */
  onEnabled(namespace: string): void {
    const isOurs = this.#options.enabled.of(namespace).size > 0
    if (isOurs && this.#ours.has(namespace)) this.#changeAccounts(namespace)
    else if (isOurs) this.#begin(namespace)
    else if (this.#ours.has(namespace)) this.#end(namespace)
  }

  #begin(namespace: string): void {
    const { accounts, namespaces, changes } = this.#options
    this.#ours.add(namespace)
    this.#divideMemory()
    namespaces.begin(namespace)
    const reduce = (account: SeenAccount) => changes.reduce(account)
    accounts.begin(namespace, {
      reducer: () => reduce,
      onObject: (account) => changes.onAccount(reduce(account)),
      onGone: (name) => changes.onGone(namespace, name),
      onListed: () => namespaces.accountsListed(namespace),
      shouldListAgain: () => changes.hasRoomAgain(namespace),
    })
  }

  #end(namespace: string): void {
    const { memory, accounts, namespaces, changes } = this.#options
    this.#ours.delete(namespace)
    accounts.end(namespace)
    namespaces.end(namespace)
    changes.forgetAll(namespace)
    memory.releaseAll(namespace)
    this.#divideMemory()
  }

  #changeAccounts(namespace: string): void {
    const { accounts, namespaces, changes } = this.#options
    changes.forgetDisabled(namespace)
    // Nothing but a request has been kept of an account that is enabled now.
    accounts.listAgain(namespace)
    namespaces.changed(namespace)
  }

  /** Dividing the memory anew looks through all namespaces, so the count is rounded. */
  #divideMemory(): void {
    this.#options.memory.divide(2 ** Math.ceil(Math.log2(Math.max(1, this.#ours.size))))
  }
}

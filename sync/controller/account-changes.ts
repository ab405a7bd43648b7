import { asksForSecrets, isOff } from '../../requests/account/read-account.ts'
import type { AccountEntries } from '../account/account-entries.ts'
import { type AccountEntry, accountEntry, outlookOfChanged } from '../account/account-entry.ts'
import { hasRoomAgain, holdAccount, releaseAccount } from '../account/account-memory.ts'
import type { SeenAccount } from '../cluster/cluster-port.ts'
import { withoutDetails } from '../cluster/seen-account.ts'
import type { FairShares } from '../memory/fair-shares.ts'
import type { Namespaces } from '../namespace/namespaces.ts'
import { workKey } from '../queue/work.ts'
import type { WorkQueue } from '../queue/work-queue.ts'
import type { EnabledAccounts } from '../rights/enabled-accounts.ts'

interface AccountChangesOptions {
  readonly memory: FairShares
  readonly enabled: Pick<EnabledAccounts, 'has' | 'asks'>
  readonly entries: AccountEntries
  readonly queue: Pick<WorkQueue, 'add' | 'drop'>
  readonly namespaces: Pick<Namespaces, 'changed' | 'isReady'>
}

/** How long an account may request Secrets before it is enabled: its Role may be applied right after it. */
const notEnabledMs = 5_000

/** Keeps the entries up to date with what the watches see, and queues rounds for accounts that have changed. */
export class AccountChanges {
  readonly #options: AccountChangesOptions

  constructor(options: AccountChangesOptions) {
    this.#options = options
  }

  /** Reduces an account that isn't enabled to what is kept of it. */
  reduce(account: SeenAccount): SeenAccount {
    return this.#isListed(account) ? account : withoutDetails(account)
  }

  /**
   * An account is new or has changed.
   *
   * @returns false if there was no room for it
   */
  onAccount(seen: SeenAccount): boolean {
    const { namespace, name } = seen
    // A namespace may have any number of accounts that aren't for us.
    if (!this.#isListed(seen) && !asksForSecrets(seen)) {
      this.onGone(namespace, name)
      return true
    }
    const account = holdAccount(this.#options.memory, seen)
    const isKept = account.neededBytes === undefined
    if (!isKept && !this.#isListed(seen)) {
      // Only an Event would say that it isn't enabled, and there may be any number of such accounts.
      this.onGone(namespace, name)
      return true
    }
    this.#update(account)
    return isKept
  }

  /** Forgets an account that has gone. */
  onGone(namespace: string, name: string): void {
    const { entries, memory, queue, namespaces } = this.#options
    const entry = entries.get(namespace, name)
    entry?.running?.abort()
    entries.delete(namespace, name)
    releaseAccount(memory, { namespace, name })
    queue.drop(workKey({ kind: 'account', namespace, name }))
    if (entry?.isListed) namespaces.changed(namespace)
  }

  /** Forgets the details of accounts that aren't enabled any more. */
  forgetDisabled(namespace: string): void {
    for (const { account, isListed: wasListed } of this.#options.entries.within(namespace))
      if (wasListed && !this.#isListed(account)) this.onAccount(withoutDetails(account))
  }

  forgetAll(namespace: string): void {
    const { entries, queue } = this.#options
    for (const { account, running } of entries.within(namespace)) {
      running?.abort()
      queue.drop(workKey({ ...account, kind: 'account' }))
    }
    entries.deleteAll(namespace)
  }

  /** Whether there is room now for a listed account of the namespace that there was none for. */
  hasRoomAgain(namespace: string): boolean {
    const { entries, memory } = this.#options
    return entries.within(namespace).some(({ account }) => hasRoomAgain(memory, account))
  }

  #update(account: SeenAccount): void {
    const { entries, enabled, namespaces, queue } = this.#options
    const { namespace, name } = account
    const entry = updatedEntry(entries.get(namespace, name), {
      account,
      isListed: this.#isListed(account),
    })
    if (entry === undefined) return
    entries.set(entry)
    if (!entry.isListed) enabled.asks(namespace)
    // The account may now be the one to read a source, or not any more.
    else namespaces.changed(namespace)
    if (namespaces.isReady(namespace))
      queue.add(workKey({ kind: 'account', namespace, name }), {
        afterMs: entry.isListed ? 0 : notEnabledMs,
        outlook: outlookOfChanged(entry),
      })
  }

  #isListed({ namespace, name }: SeenAccount): boolean {
    return this.#options.enabled.has(namespace, name)
  }
}

/** Returns the entry of an account as it is now. Undefined if nothing that a round reads has changed. */
function updatedEntry(
  entry: AccountEntry | undefined,
  { account, isListed }: { readonly account: SeenAccount; readonly isListed: boolean },
): AccountEntry | undefined {
  if (entry?.account.uid !== account.uid || entry.isListed !== isListed) {
    entry?.running?.abort()
    return accountEntry(account, isListed)
  }
  const isSame =
    entry.account.neededBytes === account.neededBytes && haveSameAnnotations(entry.account, account)
  entry.account = account
  if (isSame) return undefined
  entry.isChanged = true
  entry.asksForAll = true
  if (isOff(account)) entry.running?.abort()
  return entry
}

function haveSameAnnotations(a: SeenAccount, b: SeenAccount): boolean {
  const sorted = ({ annotations }: SeenAccount) =>
    JSON.stringify(Object.entries(annotations).sort())
  return sorted(a) === sorted(b)
}

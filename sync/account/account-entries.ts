import type { AccountEntry } from './account-entry.ts'

/** The entries of all accounts that exist. */
export interface AccountEntries {
  get(namespace: string, name: string): AccountEntry | undefined
  set(entry: AccountEntry): void
  delete(namespace: string, name: string): void
  /** The entries of one namespace. */
  within(namespace: string): readonly AccountEntry[]
}

export function createAccountEntries(): AccountEntries {
  const byNamespace = new Map<string, Map<string, AccountEntry>>()
  return {
    get: (namespace, name) => byNamespace.get(namespace)?.get(name),
    set(entry) {
      const { namespace, name } = entry.account
      const entries = byNamespace.get(namespace) ?? new Map<string, AccountEntry>()
      entries.set(name, entry)
      byNamespace.set(namespace, entries)
    },
    delete: (namespace, name) => void byNamespace.get(namespace)?.delete(name),
    within: (namespace) => [...(byNamespace.get(namespace)?.values() ?? [])],
  }
}

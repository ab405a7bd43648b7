import type { AccountEntry } from './account-entry.ts'

export type AccountEntries = ReturnType<typeof createAccountEntries>

/** Keeps the entries of all accounts that exist. */
export function createAccountEntries() {
  const byNamespace = new Map<string, Map<string, AccountEntry>>()
  return {
    get: (namespace: string, name: string) => byNamespace.get(namespace)?.get(name),
    set(entry: AccountEntry): void {
      const { namespace, name } = entry.account
      const entries = byNamespace.get(namespace) ?? new Map<string, AccountEntry>()
      entries.set(name, entry)
      byNamespace.set(namespace, entries)
    },
    delete: (namespace: string, name: string) => void byNamespace.get(namespace)?.delete(name),
    deleteAll: (namespace: string) => void byNamespace.delete(namespace),
    /** Calls back for each enabled account that exists. */
    *enabled(): Generator<{ readonly namespace: string; readonly name: string }> {
      for (const entries of byNamespace.values())
        for (const { account, isListed } of entries.values()) if (isListed) yield account
    },
    /** The entries of one namespace. */
    within: (namespace: string): readonly AccountEntry[] => [
      ...(byNamespace.get(namespace)?.values() ?? []),
    ],
  }
}

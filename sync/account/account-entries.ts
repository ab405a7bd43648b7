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
    /** The entries of one namespace. */
    within: (namespace: string): readonly AccountEntry[] => [
      ...(byNamespace.get(namespace)?.values() ?? []),
    ],
  }
}

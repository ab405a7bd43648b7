import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'

const accounts: Readonly<Record<string, string>> = {
  '22222222-2222-2222-2222-222222222222': 'web',
  '33333333-3333-3333-3333-333333333333': 'report',
}

/** Namespaces whose service accounts `web` and `report` may sign in as the examples' identities of those names. */
export const vaultNamespaces = Array.from(
  { length: 16 },
  (_, index) => `akv-injector-pods-${index}`,
)

/**
 * The vaults of the examples, for the tests' namespaces too; `reports`, which only the identity `report` may read; and
 * `locked`, on which nobody holds a role.
 */
export function vaultData(): string {
  const data = parse(readFileSync(exampleData, 'utf8')) as Data
  const identities = data.identities.map(({ clientId, federatedCredentials }) => {
    const account = accounts[clientId]
    const own = account ? vaultNamespaces.map(credentialOf(account)) : []
    return { clientId, federatedCredentials: [...federatedCredentials, ...own] }
  })
  const reports = {
    readers: [idOf('report')],
    secrets: { 'db-password': 'for reports only' },
  }
  const locked = { readers: [], secrets: { 'db-password': 'nobody reads this' } }
  return stringify({ ...data, identities, vaults: { ...data.vaults, reports, locked } })
}

const credentialOf = (account: string) => (namespace: string) => ({
  subject: `system:serviceaccount:${namespace}:${account}`,
})

const idOf = (account: string) => Object.keys(accounts).find((id) => accounts[id] === account)

interface Data {
  readonly identities: readonly {
    readonly clientId: string
    readonly federatedCredentials: readonly object[]
  }[]
  readonly vaults: object
}

const exampleData = join(import.meta.dirname, '../../../manifests/examples/vault.yaml')

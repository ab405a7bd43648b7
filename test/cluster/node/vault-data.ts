import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'

const webClientId = '22222222-2222-2222-2222-222222222222'

/** Namespaces whose service account `web` may sign in as the examples' identity of that name, one for each test file. */
export const vaultNamespaces = Array.from(
  { length: 16 },
  (_, index) => `akv-injector-pods-${index}`,
)

/** The vaults of the examples, for the tests' namespaces too; and `locked`, on which nobody holds a role. */
export function vaultData(): string {
  const data = parse(readFileSync(exampleData, 'utf8')) as Data
  const identities = data.identities.map(({ clientId, federatedCredentials }) => ({
    clientId,
    federatedCredentials:
      clientId === webClientId
        ? [...federatedCredentials, ...vaultNamespaces.map(credentialOf)]
        : federatedCredentials,
  }))
  const locked = { readers: [], secrets: { 'db-password': 'nobody reads this' } }
  return stringify({ ...data, identities, vaults: { ...data.vaults, locked } })
}

const credentialOf = (namespace: string) => ({ subject: `system:serviceaccount:${namespace}:web` })

interface Data {
  readonly identities: readonly {
    readonly clientId: string
    readonly federatedCredentials: readonly object[]
  }[]
  readonly vaults: object
}

const exampleData = join(import.meta.dirname, '../../../manifests/examples/vault.yaml')

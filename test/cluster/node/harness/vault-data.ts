import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'

const boundClient = '22222222-2222-2222-2222-222222222222'

/** The service accounts that may sign in as each client. Pods that use the CSI driver often name none, and so are `default`. */
const accounts: Readonly<Record<string, readonly string[]>> = {
  [boundClient]: ['web', 'default'],
  '33333333-3333-3333-3333-333333333333': ['report'],
}

/** Those that may sign in as the first of these clients by an identity binding. */
const boundAccounts = ['web', 'bound']

/** Identities as which the service account `web` can't sign in, each for a different reason. */
export const brokenIdentities = {
  withoutCredential: '55555555-5555-5555-5555-555555555555',
  otherIssuer: '66666666-6666-6666-6666-666666666666',
  otherAudience: '77777777-7777-7777-7777-777777777777',
} as const

/** Returns the name of a vault that every identity can read. One test injects a fault into it. */
export const faultyVault = (name: string): string => `faulty-${name}`
const faultyVaults = [
  ...['role', 'firewall', 'closed', 'outage', 'network', 'throttling', 'proxy-page'],
  ...['refresh-outage', 'refresh-role', 'deleted', 'removed', 'disabled'],
  ...['stale-pod', 'fine-pod', 'alert'],
]

/** Namespaces whose service accounts may sign in as the examples' identities. */
export const vaultNamespaces = Array.from(
  { length: 16 },
  (_, index) => `akv-injector-pods-${index}`,
)

/**
 * Returns the vaults of the examples, also for the tests' namespaces; `reports`, which only the identity `report` may
 * read; `locked`, on which no identity has a role; and the faulty vaults.
 */
export function vaultData(): string {
  const data = parse(readFileSync(exampleData, 'utf8')) as Data
  const identities = data.identities.map(({ clientId, federatedCredentials }) => {
    const own = (accounts[clientId] ?? []).flatMap((account) =>
      vaultNamespaces.map(credentialOf(account)),
    )
    const bound = clientId === boundClient && {
      boundAccounts: boundAccounts.flatMap((account) =>
        vaultNamespaces.map((namespace) => credentialOf(account)(namespace).subject),
      ),
    }
    return { clientId, federatedCredentials: [...federatedCredentials, ...own], ...bound }
  })
  const reports = {
    readers: [idOf('report')],
    secrets: { 'db-password': 'for reports only' },
  }
  const locked = { readers: [], secrets: { 'db-password': 'nobody reads this' } }
  const faulty = faultyVaults.map((name) => [
    faultyVault(name),
    { readers: ['*'], secrets: { 'db-password': 'before', other: 'other' } },
  ])
  const { 'team-a': team } = data.vaults
  const own = {
    ExampleSecret: 'of the seed',
    rotated: 'before',
    'at-restart': 'before',
    announced: 'first',
    asked: 'before',
    motto: "it's not easy",
    'rolled-out': 'value-0',
    'expired-secret': { value: 'of yesterday', expires: '2020-01-01T00:00:00Z' },
  }
  const ownCertificates = {
    expired: { dnsNames: ['old.example'], expires: '2021-01-01T00:00:00Z' },
  }
  const vaults = {
    ...data.vaults,
    'team-a': {
      ...team,
      secrets: { ...team.secrets, ...own },
      certificates: { ...team.certificates, ...ownCertificates },
    },
    reports,
    locked,
    ...Object.fromEntries(faulty),
  }
  return stringify({ ...data, identities: [...identities, ...broken()], vaults })
}

function broken(): Data['identities'] {
  const { withoutCredential, otherIssuer, otherAudience } = brokenIdentities
  const withCredential = (clientId: string, difference: object) => ({
    clientId,
    federatedCredentials: vaultNamespaces.map((namespace) => ({
      ...credentialOf('web')(namespace),
      ...difference,
    })),
  })
  return [
    { clientId: withoutCredential, federatedCredentials: [] },
    withCredential(otherIssuer, { issuer: 'https://oidc.example/another-cluster' }),
    withCredential(otherAudience, { audience: 'api://another-audience' }),
  ]
}

const credentialOf = (account: string) => (namespace: string) => ({
  subject: `system:serviceaccount:${namespace}:${account}`,
})

const idOf = (account: string) =>
  Object.keys(accounts).find((id) => accounts[id]?.includes(account))

interface Data {
  readonly identities: readonly {
    readonly clientId: string
    readonly federatedCredentials: readonly object[]
  }[]
  readonly vaults: Readonly<
    Record<'team-a', { readonly secrets: object; readonly certificates: object }>
  >
}

const exampleData = join(import.meta.dirname, '../../../../manifests/examples/vault.yaml')

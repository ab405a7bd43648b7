import { tenantId } from '../../support/servers/start-test-emulator.ts'

/** Accounts with one Secret each. All names are computed from numbers. */
export interface FleetAccount {
  readonly namespace: string
  readonly name: string
  readonly annotations: Readonly<Record<string, string>>
}

const namespaces = 10
const vaults = 5
const secretsEach = 100

/** Requests one Secret for each account, of one to three objects, some of them with a path or a template. */
export const fleetAccounts = (count: number): readonly FleetAccount[] =>
  Array.from({ length: count }, (_, n) => ({
    namespace: `team-${n % namespaces}`,
    name: `app-${n}`,
    annotations: {
      'azure.workload.identity/client-id': clientIdOf(n),
      'azure.workload.identity/tenant-id': tenantId,
      'akv-injector.io/vault': `vault-${n % vaults}`,
      'akv-injector.io/refresh': '1h',
      'akv-injector.io/sync': JSON.stringify([{ secret: `app-${n}`, data: dataOf(n) }]),
    },
  }))

const dataOf = (n: number): string =>
  Array.from({ length: 1 + (n % 3) }, (_, i) => `key-${i}=secret-${(n + i) % secretsEach}`).join(
    ', ',
  )

const clientIdOf = (n: number): string => `22222222-2222-2222-2222-${String(n).padStart(12, '0')}`

/** The vaults and identities for the accounts, as JSON, which is valid YAML. */
export const fleetVaults = (accounts: readonly FleetAccount[]): string =>
  JSON.stringify({
    identities: accounts.map(({ namespace, name }, n) => ({
      clientId: clientIdOf(n),
      federatedCredentials: [{ subject: `system:serviceaccount:${namespace}:${name}` }],
    })),
    vaults: Object.fromEntries(
      Array.from({ length: vaults }, (_, vault) => [
        `vault-${vault}`,
        {
          readers: ['*'],
          secrets: Object.fromEntries(
            Array.from({ length: secretsEach }, (_, n) => [
              `secret-${n}`,
              `value ${n} of ${vault}`,
            ]),
          ),
        },
      ]),
    ),
  })

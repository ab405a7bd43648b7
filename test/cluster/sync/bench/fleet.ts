import type { KubeObject } from '../../client/api.ts'

/** Describes the accounts of the bench. Their names and objects are computed from numbers. */
export interface Fleet {
  readonly namespaces: readonly string[]
  readonly accountsEach: number
  readonly secretsEach: number
  readonly objectsEach: number
}

export const vaults = ['vault-0', 'vault-1', 'vault-2', 'vault-3', 'vault-4'] as const
export const tenantId = '11111111-1111-1111-1111-111111111111'

export const secretCount = ({ namespaces, accountsEach, secretsEach }: Fleet): number =>
  namespaces.length * accountsEach * secretsEach

/** An account with absent objects, one with a vault that doesn't answer, and one with many large objects. */
export const troublesome = ['noisy', 'broken', 'huge'] as const
export const brokenVault = 'vault-down'

export interface Placed {
  readonly namespace: string
  readonly account: string
  readonly secret: string
  readonly vault: string
  /** The name of its first object. The other names end in other numbers. */
  readonly object: string
}

/** Returns the Secrets, each with the one vault of its objects. Every account reads all vaults. */
export const placedSecrets = (fleet: Fleet): readonly Placed[] =>
  fleet.namespaces.flatMap((_, n) =>
    range(fleet.accountsEach).flatMap((a) => placedSecretsOf(fleet, { n, a })),
  )

/** The Secrets of one account. */
const placedSecretsOf = (
  { namespaces, secretsEach }: Fleet,
  { n, a }: { readonly n: number; readonly a: number },
): readonly Placed[] =>
  range(secretsEach).map((s) => ({
    namespace: namespaces[n] ?? '',
    account: accountName(a),
    secret: `${accountName(a)}-${s}`,
    vault: vaults[s % vaults.length] ?? vaults[0],
    object: `n${n}-a${a}-s${s}-0`,
  }))

export const accountName = (index: number): string => `app-${index}`

/** Returns an annotated ServiceAccount. */
export function accountObject(
  fleet: Fleet,
  { namespace, index, refresh }: { namespace: string; index: number; refresh: string },
): KubeObject {
  const name = accountName(index)
  const n = fleet.namespaces.indexOf(namespace)
  const own = placedSecretsOf(fleet, { n, a: index })
  const sync = own.map(({ secret, vault, object }) => ({
    secret,
    data: range(fleet.objectsEach)
      .map((o) => `key-${o}=${vault}:${object.slice(0, -1)}${o}`)
      .join(', '),
  }))
  const clientId = clientIdOf(n, index)
  return serviceAccount({ namespace, name }, { clientId, refresh, sync })
}

/**
 * Returns an account with a thousand absent objects, one with ten objects of a vault that hangs, and one with a thousand
 * keys of nearly the maximum length, in Secrets of nearly 1 MiB.
 */
export function troublesomeAccounts(namespace: string): readonly KubeObject[] {
  const lists = {
    noisy: range(2).map((s) => ({
      secret: `noisy-${s}`,
      data: range(500)
        .map((o) => `k${o}=${vaults[0]}:no-${s}-${o}`)
        .join(','),
    })),
    broken: [
      {
        secret: 'broken',
        data: range(10)
          .map((o) => `k${o}=${brokenVault}:o-${o}`)
          .join(','),
      },
    ],
    huge: range(25).map((s) => ({
      secret: `huge-${s}`,
      data: range(bigValues)
        .map((o) => `k${o}=${vaults[1]}:big-${o}`)
        .join(','),
    })),
  }
  return troublesome.map((name, i) =>
    serviceAccount(
      { namespace, name },
      { clientId: clientIdOf(troublesomeNumber, i), refresh: '30s', sync: lists[name] },
    ),
  )
}

function serviceAccount(
  metadata: { readonly namespace: string; readonly name: string },
  wish: { readonly clientId: string; readonly refresh: string; readonly sync: object },
): KubeObject {
  const annotations = {
    'azure.workload.identity/client-id': wish.clientId,
    'akv-injector.io/refresh': wish.refresh,
    'akv-injector.io/sync': JSON.stringify(wish.sync),
  }
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, annotations } }
}

const bigValues = 40
const bigValueLength = 25_000

/** Returns the content of the emulator's vaults, as JSON, which is valid YAML. */
export function vaultData(fleet: Fleet): string {
  const identity = (clientId: string, namespace: string, account: string) => ({
    clientId,
    federatedCredentials: [{ subject: `system:serviceaccount:${namespace}:${account}` }],
  })
  const secretsOf = (vault: string) =>
    Object.fromEntries(
      placedSecrets(fleet)
        .filter((placed) => placed.vault === vault)
        .flatMap(({ object }) =>
          range(fleet.objectsEach).map((o) => [
            `${object.slice(0, -1)}${o}`,
            `value of ${object} ${o} in its first version`,
          ]),
        ),
    )
  const big = Object.fromEntries(
    range(bigValues).map((o) => [`big-${o}`, String(o % 10).repeat(bigValueLength)]),
  )
  const all = fleet.namespaces.flatMap((namespace, n) => [
    ...range(fleet.accountsEach).map((a) => identity(clientIdOf(n, a), namespace, accountName(a))),
  ])
  const [first = ''] = fleet.namespaces
  const others = troublesome.map((name, i) =>
    identity(clientIdOf(troublesomeNumber, i), first, name),
  )
  return JSON.stringify({
    tenantId,
    identities: [...all, ...others],
    vaults: Object.fromEntries(
      [...vaults, brokenVault].map((vault) => [
        vault,
        { readers: ['*'], secrets: { ...secretsOf(vault), ...(vault === vaults[1] && big) } },
      ]),
    ),
  })
}

/** Stands for the number of a namespace in their client IDs. No fleet has as many. */
const troublesomeNumber = 1_000_000

export const clientIdOf = (namespace: number, account: number): string =>
  `00000000-0000-4000-8000-${String(namespace * 1000 + account).padStart(12, '0')}`

export const range = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => i)

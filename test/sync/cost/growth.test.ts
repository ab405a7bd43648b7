import t from 'tap'
import { countBlocks } from '../../support/count-steps.ts'
import { classSpec, secretObject } from '../harness/class-example.ts'
import type { MemoryObjects } from '../harness/memory-cluster.ts'
import { annotations } from '../harness/simulation.ts'
import { syncOnce } from '../harness/sync-once.ts'

/** Many accounts in each namespace, and many namespaces. */
const namespaceOf = (n: number) => `team-${n % 2 === 0 ? 0 : n}`

const metadataOf = (n: number, more: object = {}) => ({
  namespace: namespaceOf(n),
  name: `app-${n}`,
  uid: `uid-${n}`,
  resourceVersion: '1',
  creationTimestamp: new Date(1_700_000_000_000 + n * 1000).toISOString(),
  ...more,
})

/** Each account requests one Secret. */
function annotatedAccounts(count: number): MemoryObjects {
  const accounts = Array.from({ length: count }, (_, n) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: metadataOf(n, {
      annotations: annotations(`[{ secret: app-${n}, data: "a=b-${n}" }]`),
    }),
  }))
  return { accounts }
}

/** Each account reads a class that requests one Secret. */
function accountsWithClasses(count: number): MemoryObjects {
  const numbers = Array.from({ length: count }, (_, n) => n)
  return {
    accounts: numbers.map((n) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: metadataOf(n, { annotations: {} }),
    })),
    classes: numbers.map((n) => ({
      apiVersion: 'secrets-store.csi.x-k8s.io/v1',
      kind: 'SecretProviderClass',
      metadata: metadataOf(n, { annotations: { 'akv-injector.io/service-account': `app-${n}` } }),
      spec: classSpec([secretObject(`app-${n}`, { a: 'db-password' })]),
    })),
  }
}

/** Each account reads an ExternalSecret of a store of its own. */
function accountsWithExternalSecrets(count: number): MemoryObjects {
  const vaultUrl = 'https://team-a.vault.azure.net'
  const { 'akv-injector.io/sync': _, ...identity } = annotations('')
  const { accounts } = accountsWithClasses(count)
  const object = (kind: string, n: number, spec: object) => ({
    apiVersion: 'external-secrets.io/v1',
    kind,
    metadata: metadataOf(n),
    spec,
  })
  return {
    accounts: accounts.map((account, n) => ({
      ...account,
      metadata: metadataOf(n, { annotations: identity }),
    })),
    stores: accounts.map((_, n) =>
      object('SecretStore', n, {
        provider: { azurekv: { vaultUrl, serviceAccountRef: { name: `app-${n}` } } },
      }),
    ),
    externalSecrets: accounts.map((_, n) =>
      object('ExternalSecret', n, {
        secretStoreRef: { name: `app-${n}` },
        target: { template: { data: { line: '{{ .a }}' } } },
        data: [{ secretKey: 'a', remoteRef: { key: `b-${n}` } }],
      }),
    ),
  }
}

const few = 200
const factor = 4
/** Heaps grow a little faster. Code that compares all accounts with each other grows by the square of the factor. */
const maxGrowth = 2.5 * factor
/** A step that few accounts never take may be taken five times for each of many. Comparing all of 800 takes 320,000 steps. */
const slack = 5 * few * factor

for (const [what, objectsFor] of Object.entries({
  annotatedAccounts,
  accountsWithClasses,
  accountsWithExternalSecrets,
}))
  t.test(`${what}: no step is taken more often than the number of accounts grows`, async (t) => {
    // V8 counts the blocks only of functions that run for the first time after it has begun to count.
    await countBlocks(async () => void (await syncOnce(objectsFor(10))))
    const before = await countBlocks(async () => void (await syncOnce(objectsFor(few))))
    const after = await countBlocks(async () => void (await syncOnce(objectsFor(few * factor))))
    t.ok([...after.values()].some((count) => count >= few * factor))
    const grown = [...after]
      .filter(([block]) => !/\/(test|node_modules)\//.test(block))
      .filter(([block, count]) => count > (before.get(block) ?? 0) * maxGrowth + slack)
      .map(([block, count]) => `${block}: ${before.get(block) ?? 0} times, then ${count}`)
    t.strictSame(grown, [])
  })

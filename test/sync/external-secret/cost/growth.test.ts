import t from 'tap'
import { AkvError } from '../../../../lib/errors/akv-error.ts'
import { countBlocks } from '../../../support/count-steps.ts'
import type { MemoryObjects } from '../../harness/memory-cluster.ts'
import { annotations } from '../../harness/simulation.ts'
import { syncOnce } from '../../harness/sync-once.ts'

const namespace = 'shop'
const metadata = (name: string, more: object = {}) => ({
  namespace,
  name,
  uid: name,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
  ...more,
})
const vaultUrl = 'https://team-a.vault.azure.net'
const { 'akv-injector.io/sync': _, ...identity } = annotations('')

/** One account with these ExternalSecrets. */
const oneAccount = (specs: readonly object[]): MemoryObjects => ({
  accounts: [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: metadata('web', { annotations: identity }),
    },
  ],
  stores: [
    {
      apiVersion: 'external-secrets.io/v1',
      kind: 'SecretStore',
      metadata: metadata('kv'),
      spec: { provider: { azurekv: { vaultUrl } } },
    },
  ],
  externalSecrets: specs.map((spec, n) => ({
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    // So long that the status of the account has no room for all of them.
    metadata: metadata(`an-external-secret-of-one-account-${n}`),
    spec: { secretStoreRef: { name: 'kv' }, ...spec },
  })),
})
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
const item = (n: number, key = `key-${n}`) => ({
  secretKey: key,
  remoteRef: { key: `object-${n}` },
})

/** Each ExternalSecret has one key, and a template for it. */
const manySecrets = (count: number): MemoryObjects =>
  oneAccount(
    numbers(count).map((n) => ({
      data: [item(n, 'key')],
      target: { template: { data: { line: '{{ .key }}' } } },
    })),
  )

const templates = (count: number) => ({
  template: {
    data: Object.fromEntries(
      numbers(count).map((n) => [`line-${n}`, `{{ index . "key-${n}" | trim }}`]),
    ),
    mergePolicy: 'Merge',
  },
})

/** One ExternalSecret has all keys, and a template for each of them. */
const manyKeys = (count: number): MemoryObjects =>
  oneAccount([{ data: numbers(count).map((n) => item(n)), target: templates(count) }])

/** One ExternalSecret has all properties of one object, and a template for each of them. */
const manyProperties = (count: number): MemoryObjects =>
  oneAccount([{ dataFrom: [{ extract: { key: 'object' } }], target: templates(count) }])

/** Each ExternalSecret has a mistake. */
const manyMistakes = (count: number): MemoryObjects =>
  oneAccount(numbers(count).map((n) => ({ data: [item(n)], refreshPolicy: 'Never' })))

/** The vault has none of the objects. */
const manyFailures = (count: number): MemoryObjects => manySecrets(count)

/** Gives the value of each object. */
function readValue(objectsFor: (count: number) => MemoryObjects, count: number): string {
  if (objectsFor === manyFailures)
    throw new AkvError('AKV_OBJECT_NOT_FOUND', 'the vault does not have it')
  if (objectsFor !== manyProperties) return 'value'
  return JSON.stringify(Object.fromEntries(numbers(count).map((n) => [`key-${n}`, 'value'])))
}

const few = 100
const factor = 4
/** Sorting grows a little faster. Code that looks through all keys for each key grows by the square of the factor. */
const maxGrowth = 2.5 * factor
const slack = 500

const cases = { manySecrets, manyKeys, manyProperties, manyMistakes, manyFailures }
for (const [what, objectsFor] of Object.entries(cases))
  t.test(`${what}: no step is taken more often than their number grows`, async (t) => {
    const count = (number: number) =>
      countBlocks(async () => {
        const objects = objectsFor(number)
        const ready = await syncOnce(objects, () => readValue(objectsFor, number))
        const isWrong = objectsFor === manyMistakes || objectsFor === manyFailures
        t.equal(ready, 1 + (isWrong ? 0 : (objects.externalSecrets?.length ?? 0)))
      })
    // V8 counts the blocks only of functions that run for the first time after it has begun to count.
    await count(10)
    const before = await count(few)
    const after = await count(few * factor)
    const grown = [...after]
      .filter(([block]) => !/\/(test|node_modules)\//.test(block))
      .filter(([block, times]) => times > (before.get(block) ?? 0) * maxGrowth + slack)
      .map(([block, times]) => `${block}: ${before.get(block) ?? 0} times, then ${times}`)
    t.strictSame(grown, [])
  })

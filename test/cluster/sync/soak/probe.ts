import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'

const pollMs = 100

/** Creates an ExternalSecret, and waits for its Secret. Gives the time that this took; infinite if it takes too long. */
export async function probe(
  cluster: Cluster,
  {
    namespace,
    name,
    store,
    object,
    maxMs,
  }: {
    readonly namespace: string
    readonly name: string
    readonly store: string
    readonly object: string
    readonly maxMs: number
  },
): Promise<number> {
  const metadata = { namespace, name }
  const startedAtMs = performance.now()
  expectSuccess(
    await cluster.apply({
      apiVersion: 'external-secrets.io/v1',
      kind: 'ExternalSecret',
      metadata,
      spec: {
        secretStoreRef: { name: store },
        target: { template: { data: { line: 'value={{ .k }}' } } },
        data: [{ secretKey: 'k', remoteRef: { key: object } }],
      },
    }),
  )
  while (performance.now() - startedAtMs < maxMs) {
    const { status } = await cluster.get({ apiVersion: 'v1', kind: 'Secret', metadata })
    if (status === 200) return performance.now() - startedAtMs
    await delay(pollMs)
  }
  return Number.POSITIVE_INFINITY
}

export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

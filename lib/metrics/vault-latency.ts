import type { MetricFamily, Sample } from './prometheus-text.ts'

/** A request to a vault, from when it was sent until its answer ended or it was given up. */
export interface EndedRequest {
  readonly vault: string
  /** `ok`: the vault answered with what was asked for; `failed`: with anything else, or not at all. */
  readonly outcome: 'ok' | 'failed'
  readonly ms: number
}

/** The requests to a vault with one outcome. */
export interface VaultLatency extends Omit<EndedRequest, 'ms'> {
  /** How many ended in each bucket alone: one for each of {@link bounds}, and the last one for those that took longer. */
  readonly counts: readonly number[]
  readonly seconds: number
}

/** In seconds. A request is given up after 10 s, and the last bucket shows those that were. */
const bounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20]

/**
 * Measures how long vaults take to answer, in memory that doesn't grow with the requests.
 *
 * @param nameOf - the label of a vault, of which there are only so many
 * @param before - what another process of this program has measured
 */
export function createVaultLatencies(
  nameOf: (vault: string) => string,
  before: readonly VaultLatency[] = [],
) {
  const latencies = new Map<string, VaultLatency>()
  const keep = (latency: VaultLatency) =>
    latencies.set(`${latency.outcome} ${latency.vault}`, latency)
  for (const latency of before) keep({ ...latency, vault: nameOf(latency.vault) })
  return {
    record({ vault: asked, outcome, ms }: EndedRequest): void {
      const vault = nameOf(asked)
      const last = latencies.get(`${outcome} ${vault}`)
      const found = bounds.findIndex((bound) => ms <= bound * 1000)
      const bucket = found < 0 ? bounds.length : found
      const counts = [...(last?.counts ?? bounds.map(() => 0).concat(0))]
      counts[bucket] = (counts[bucket] ?? 0) + 1
      keep({ vault, outcome, counts, seconds: (last?.seconds ?? 0) + ms / 1000 })
    },
    all: (): readonly VaultLatency[] => [...latencies.values()],
  }
}

export type VaultLatencies = ReturnType<typeof createVaultLatencies>

/** The latencies as a histogram with the labels `vault` and `outcome`. */
export const latencyHistogram = (
  name: string,
  latencies: readonly VaultLatency[],
): MetricFamily => ({
  name,
  help: 'How long requests to a vault took until the end of the answer, by vault and outcome',
  type: 'histogram',
  samples: latencies.flatMap(samplesOf),
})

function samplesOf({ vault, outcome, counts, seconds }: VaultLatency): readonly Sample[] {
  const labels = { vault, outcome }
  let count = 0
  const buckets = counts.map((inBucket, index): Sample => {
    count += inBucket
    return {
      suffix: '_bucket',
      labels: { ...labels, le: String(bounds[index] ?? '+Inf') },
      value: count,
    }
  })
  return [
    ...buckets,
    { suffix: '_sum', labels, value: seconds },
    { suffix: '_count', labels, value: count },
  ]
}

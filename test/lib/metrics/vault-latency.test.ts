import t from 'tap'
import { boundedNames } from '../../../lib/metrics/bounded-names.ts'
import { prometheusText } from '../../../lib/metrics/prometheus-text.ts'
import { createVaultLatencies, latencyHistogram } from '../../../lib/metrics/vault-latency.ts'

const linesOf = (latencies: ReturnType<typeof createVaultLatencies>) =>
  prometheusText([latencyHistogram('x', latencies.all())])
    .split('\n')
    .filter((line) => line.startsWith('x'))

t.test('requests are counted in every bucket that they fit', async (t) => {
  const latencies = createVaultLatencies(boundedNames(2))
  t.equal(prometheusText([latencyHistogram('x', latencies.all())]), '')
  for (const ms of [0, 50, 51, 10_000, 10_003, 60_000])
    latencies.record({ vault: 'a', outcome: 'ok', ms })
  t.strictSame(linesOf(latencies), [
    'x_bucket{vault="a",outcome="ok",le="0.05"} 2',
    ...['0.1', '0.25', '0.5', '1', '2.5', '5'].map(
      (le) => `x_bucket{vault="a",outcome="ok",le="${le}"} 3`,
    ),
    'x_bucket{vault="a",outcome="ok",le="10"} 4',
    'x_bucket{vault="a",outcome="ok",le="20"} 5',
    'x_bucket{vault="a",outcome="ok",le="+Inf"} 6',
    'x_sum{vault="a",outcome="ok"} 80.104',
    'x_count{vault="a",outcome="ok"} 6',
  ])
  t.match(prometheusText([latencyHistogram('x', latencies.all())]), '# TYPE x histogram\n')
})

t.test('any number of vaults has a bounded number of series', async (t) => {
  const latencies = createVaultLatencies(boundedNames(2))
  for (let i = 0; i < 1_000; i++)
    for (const outcome of ['ok', 'failed'] as const)
      latencies.record({ vault: `v${i}`, outcome, ms: i })
  const counts = linesOf(latencies).filter((line) => line.startsWith('x_count'))
  t.strictSame(counts, [
    'x_count{vault="v0",outcome="ok"} 1',
    'x_count{vault="v0",outcome="failed"} 1',
    'x_count{vault="v1",outcome="ok"} 1',
    'x_count{vault="v1",outcome="failed"} 1',
    'x_count{vault="",outcome="ok"} 998',
    'x_count{vault="",outcome="failed"} 998',
  ])
})

t.test('what another process has measured is added to', async (t) => {
  const first = createVaultLatencies(boundedNames(1))
  first.record({ vault: 'a', outcome: 'ok', ms: 2_000 })
  first.record({ vault: 'b', outcome: 'failed', ms: 10_001 })
  const second = createVaultLatencies(boundedNames(1), JSON.parse(JSON.stringify(first.all())))
  t.strictSame(second.all(), first.all())
  second.record({ vault: 'a', outcome: 'ok', ms: 1_000 })
  second.record({ vault: 'c', outcome: 'failed', ms: 1 })
  t.match(linesOf(second).join('\n'), /x_sum\{vault="a",outcome="ok"\} 3\n/)
  t.match(linesOf(second).join('\n'), /x_count\{vault="",outcome="failed"\} 2$/)
})

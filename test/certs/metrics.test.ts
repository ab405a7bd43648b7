import t from 'tap'
import { certsMetrics } from '../../certs/metrics.ts'
import { version } from '../../lib/version.ts'

t.test('metrics say whether everything is in place', async (t) => {
  const ready = certsMetrics({ atMs: 1_000, failures: 2, problem: undefined }, 4_500)
  for (const line of [
    `akv_injector_build_info{component="certs",version="${version}"} 1`,
    'akv_injector_certs_ready 1',
    'akv_injector_certs_failures_total 2',
    'akv_injector_certs_round_age_seconds 3.5',
  ])
    t.match(ready, `${line}\n`)
  const waiting = certsMetrics({ atMs: 0, failures: 0, problem: 'a reason with names' }, 0)
  t.match(waiting, 'akv_injector_certs_ready 0\n')
  t.notMatch(waiting, 'names')
})

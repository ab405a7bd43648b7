import { fastify } from 'fastify'
import t from 'tap'
import { buildHealthApp } from '../../../webhook/http/health-app.ts'
import { createMetrics } from '../../../webhook/http/metrics.ts'

const { log } = fastify()

t.test('alive is not the same as ready', async (t) => {
  let reason: string | undefined = 'there is no certificate'
  const app = buildHealthApp({ metrics: createMetrics(), log, notReadyReason: () => reason })
  t.equal((await app.inject('/healthz')).statusCode, 200)
  const notReady = await app.inject('/readyz')
  t.equal(notReady.statusCode, 503)
  t.match(notReady.body, 'not ready: there is no certificate')
  reason = undefined
  t.equal((await app.inject('/readyz')).statusCode, 200)
  t.equal((await app.inject('/mutate')).statusCode, 404)
})

t.test('metrics are in the form that Prometheus reads', async (t) => {
  const metrics = createMetrics()
  const app = buildHealthApp({ metrics, log, notReadyReason: () => undefined })
  metrics.countAdmission({ outcome: 'skipped', reason: 'not-create', durationMs: 0.3 })
  metrics.setCertificateExpiry(new Date(1_800_000_000_000))
  metrics.countReloadFailure()
  const answer = await app.inject('/metrics')
  t.match(answer.headers['content-type'], /^text\/plain; version=/)
  for (const line of [
    'akv_injector_admissions_total{outcome="skipped",reason="not-create"} 1',
    'akv_injector_admission_duration_seconds_bucket{le="0.0005"} 1',
    'akv_injector_certificate_expiry_timestamp_seconds 1800000000',
    'akv_injector_certificate_reload_failures_total 1',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
  ])
    t.match(answer.body, line)
})

import t from 'tap'
import { version } from '../../../../lib/version.ts'
import { createMetrics } from '../../../../webhook/http/server/metrics.ts'

t.test('metrics are in the form that Prometheus reads', async (t) => {
  const metrics = createMetrics()
  metrics.countAdmission({ outcome: 'skipped', reason: 'not-create', durationMs: 0.3 })
  metrics.setCertificateExpiry(new Date(1_800_000_000_000))
  metrics.countReloadFailure()
  metrics.countClosedConnection('health')
  const text = await metrics.registry.metrics()
  for (const line of [
    'akv_injector_admissions_total{outcome="failed",reason=""} 0',
    'akv_injector_admissions_total{outcome="skipped",reason="not-create"} 1',
    'akv_injector_admission_duration_seconds_bucket{le="0.0005"} 1',
    'akv_injector_certificate_expiry_timestamp_seconds 1800000000',
    'akv_injector_certificate_reload_failures_total 1',
    'akv_injector_connections_closed_total{server="admission"} 0',
    'akv_injector_connections_closed_total{server="health"} 1',
    `akv_injector_build_info{component="webhook",version="${version}"} 1`,
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
  ])
    t.match(text, line)
})

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { addBuildInfo } from '../../../lib/server/add-build-info.ts'
import { type ClassResult, classResults } from '../../api-server/look-up.ts'
import type { SkipReason } from '../../core/model/outcome.ts'

/** `failed`: an internal error. `invalid`: the request wasn't an AdmissionReview. */
type AdmissionLabel = 'injected' | 'skipped' | 'denied' | 'failed' | 'invalid'

const prefix = 'akv_injector_'
const admissionLabels = ['outcome', 'reason']

export type Metrics = ReturnType<typeof createMetrics>

/** Creates the metrics of `/metrics`. Labels come from fixed sets, so callers can't create new ones. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  addBuildInfo(registry, 'webhook')
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name: `${prefix}${name}`, help, labelNames, registers: [registry] })
  const admissions = counter(
    'admissions_total',
    'Answered requests by outcome; skipped ones with the reason',
    ...admissionLabels,
  )
  // A counter that appears with its first failure doesn't increase, as Prometheus sees it.
  for (const outcome of ['denied', 'failed', 'invalid']) admissions.inc({ outcome, reason: '' }, 0)
  const reloadFailures = counter(
    'certificate_reload_failures_total',
    'Certificates found in the TLS folder, or CAs of clients, that could not be used',
  )
  const closedConnections = counter(
    'connections_closed_total',
    'Connections closed because too many were open, by server: admission or health',
    'server',
  )
  const classLookups = counter(
    'class_lookups_total',
    'SecretProviderClasses that reviews looked up, by result; absent: the class or its kind',
    'result',
  )
  for (const result of classResults) classLookups.inc({ result }, 0)
  for (const server of ['admission', 'health']) closedConnections.inc({ server }, 0)
  const duration = addDuration(registry)
  const expiry = addExpiry(registry)
  return {
    registry,
    countAdmission(admission: {
      readonly outcome: AdmissionLabel
      readonly reason?: SkipReason
      readonly durationMs: number
    }): void {
      const { outcome, reason = '', durationMs } = admission
      admissions.inc({ outcome, reason })
      duration.observe(durationMs / 1000)
    },
    setCertificateExpiry: (date: Date) => expiry.set(date.getTime() / 1000),
    countReloadFailure: () => reloadFailures.inc(),
    countClassLookup: (result: ClassResult) => classLookups.inc({ result }),
    /** A server closed a connection because too many were open. */
    countClosedConnection: (server: 'admission' | 'health') => closedConnections.inc({ server }),
  }
}

const addDuration = (registry: Registry) =>
  new Histogram({
    name: `${prefix}admission_duration_seconds`,
    help: 'From the headers of a request to its answer',
    buckets: [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
    registers: [registry],
  })

const addExpiry = (registry: Registry) =>
  new Gauge({
    name: `${prefix}certificate_expiry_timestamp_seconds`,
    help: 'When the serving certificate expires, in Unix time; 0 while there is none',
    registers: [registry],
  })

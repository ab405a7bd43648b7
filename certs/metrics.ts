import { buildInfo } from '../lib/metrics/build-info.ts'
import { type MetricFamily, prometheusText } from '../lib/metrics/prometheus-text.ts'
import type { ReconcileStatus } from './controller.ts'

const prefix = 'akv_injector_certs_'

/**
 * The metrics of the certificate controller in Prometheus' text format.
 *
 * @param elapsedMs - the time on the clock of `status.atMs`
 */
export const certsMetrics = (
  { atMs, failures, problem }: ReconcileStatus,
  elapsedMs: number,
): string =>
  prometheusText([
    buildInfo('certs'),
    metric('gauge', 'ready', {
      help: 'Whether the certificate, its CA and the caBundle are in place: 1 or 0',
      value: problem === undefined ? 1 : 0,
    }),
    metric('counter', 'failures_total', {
      help: 'Rounds that failed since the controller started',
      value: failures,
    }),
    metric('gauge', 'round_age_seconds', {
      help: 'How long ago the last round ended, or the controller started',
      value: (elapsedMs - atMs) / 1000,
    }),
  ])

const metric = (
  type: MetricFamily['type'],
  name: string,
  { help, value }: { readonly help: string; readonly value: number },
): MetricFamily => ({ name: prefix + name, help, type, samples: [{ value }] })

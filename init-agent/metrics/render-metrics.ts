import type { AgentConfig } from '../../delivery/contract.ts'
import {
  objectKey,
  type WantedObject,
  wantedObjects,
} from '../../delivery/projection/wanted-objects.ts'
import type { ObjectDates } from '../../keyvault/clients/object-client.ts'
import { collectionOf } from '../../keyvault/reference.ts'
import { buildInfo } from '../../lib/metrics/build-info.ts'
import {
  type MetricFamily,
  prometheusText,
  type Sample,
} from '../../lib/metrics/prometheus-text.ts'
import { latencyHistogram, type VaultLatency } from '../../lib/metrics/vault-latency.ts'
import type { AgentFigures } from './agent-figures.ts'

/** Of one pod, whatever it requests: a cluster may have thousands of pods. */
const maxSeries = 200

/** The series of failures among these. A pod may use many vaults, and each may fail in several ways. */
const maxFailures = 50

const prefix = 'akv_injector_agent_'

interface RenderOptions {
  readonly config: AgentConfig
  readonly latencies?: readonly VaultLatency[]
  /** Whether the application is still to be notified of a change. Only for pods with `notify`. */
  readonly isNotificationPending?: boolean
  /** Boot time. */
  readonly nowMs: number
  readonly wallMs: number
}

/**
 * The agent's metrics in Prometheus' text format (docs/operate.md). If they would be more than {@link maxSeries}, the times
 * of creation of the last objects are left out first, then the expiries that are the furthest away.
 */
export function renderMetrics(figures: AgentFigures, options: RenderOptions): string {
  const { config } = options
  const families = ownMetrics(figures, options)
  const room = maxSeries - families.reduce((sum, { samples }) => sum + samples.length, 1)
  const objects = objectDates(wantedObjects(config), figures)
  const expiries = samplesOf(objects, 'expiresAtMs').toSorted((a, b) => a.value - b.value)
  const creations = samplesOf(objects, 'createdAtMs')
  const shownExpiries = expiries.slice(0, room)
  const shownCreations = creations.slice(0, room - shownExpiries.length)
  const all = [...figures.failures, ...expiries, ...creations].length
  const shown = [...shownFailures(figures), ...shownExpiries, ...shownCreations].length
  return prometheusText([
    ...families,
    {
      name: `${prefix}object_expiry_timestamp_seconds`,
      help: 'When the version in place expires, in Unix time, by object; only of objects that expire',
      type: 'gauge',
      samples: shownExpiries,
    },
    {
      name: `${prefix}object_created_timestamp_seconds`,
      help: 'When the version in place was created, in Unix time, by object',
      type: 'gauge',
      samples: shownCreations,
    },
    gauge(
      'series_dropped',
      `Series that are left out, because a pod has at most ${maxSeries} series`,
      all - shown,
    ),
  ])
}

function ownMetrics(
  figures: AgentFigures,
  { config, latencies = [], isNotificationPending, nowMs, wallMs }: RenderOptions,
): readonly MetricFamily[] {
  const { refreshes, switches, failingObjects, lastSuccessAtMs } = figures
  const current = wantedObjects(config).length - failingObjects
  return [
    buildInfo('agent'),
    gauge(
      'refresh_interval_seconds',
      'How often the agent refreshes the objects',
      config.refreshSeconds,
    ),
    counter('refreshes_total', 'Refreshes since the agent started', [{ value: refreshes }]),
    counter(
      'failures_total',
      'Refreshes in which something failed, by code, and by vault if an object failed',
      shownFailures(figures).map(({ count, ...labels }) => ({ labels, value: count })),
    ),
    counter('switches_total', 'Refreshes that switched changed files or variables into place', [
      { value: switches },
    ]),
    gauge(
      'last_success_timestamp_seconds',
      'When all objects were last known to match the vaults, in Unix time',
      Math.round((wallMs - (nowMs - lastSuccessAtMs)) / 1000),
    ),
    gauge(
      'staleness_seconds',
      'How long the oldest stale object has been failing to refresh, or a refresh has been overdue; 0 if neither',
      stalenessSeconds(figures, { config, nowMs }),
    ),
    latencyHistogram(`${prefix}vault_request_duration_seconds`, latencies),
    {
      name: `${prefix}objects`,
      help: 'Requested objects by state: current, or failing to refresh',
      type: 'gauge',
      samples: [
        { labels: { state: 'current' }, value: current },
        { labels: { state: 'failing' }, value: failingObjects },
      ],
    },
    ...(isNotificationPending === undefined
      ? []
      : [
          gauge(
            'notification_pending',
            'Whether the application has yet to accept the notification of a change: 1 or 0',
            Number(isNotificationPending),
          ),
        ]),
  ]
}

const shownFailures = ({ failures }: AgentFigures) => failures.slice(0, maxFailures)

/** A metric of the agent that has one value. */
export const gauge = (name: string, help: string, value: number): MetricFamily => ({
  name: prefix + name,
  help,
  type: 'gauge',
  samples: [{ value }],
})

const counter = (name: string, help: string, samples: readonly Sample[]): MetricFamily => ({
  name: prefix + name,
  help,
  type: 'counter',
  samples,
})

/** At least 1 if anything is stale, so that 0 means that all is well. */
function stalenessSeconds(
  { staleSinceMs, lastRefreshAtMs, lastSuccessAtMs }: AgentFigures,
  { config, nowMs }: Omit<RenderOptions, 'wallMs'>,
): number {
  // Intervals vary by a tenth. After two of them, a refresh hangs.
  const isOverdue = nowMs - lastRefreshAtMs > 2 * config.refreshSeconds * 1000
  const sinceMs = staleSinceMs ?? (isOverdue ? lastSuccessAtMs : undefined)
  return sinceMs === undefined ? 0 : Math.max(1, Math.floor((nowMs - sinceMs) / 1000))
}

interface DatedObject extends ObjectDates {
  readonly labels: Readonly<Record<string, string>>
}

/** The dates by object. If several versions of an object are requested, the earliest dates count. */
function objectDates(
  objects: readonly WantedObject[],
  { dates }: AgentFigures,
): readonly DatedObject[] {
  const byObject = new Map<string, DatedObject>()
  for (const object of objects) {
    const { reference } = object
    const { version: _, ...unpinned } = reference
    const key = objectKey(unpinned)
    const labels = {
      vault: reference.vault,
      type: collectionOf(reference).slice(0, -1),
      name: reference.name,
    }
    const found = dates.get(objectKey(reference, object))
    const known = byObject.get(key)
    if (found !== undefined) byObject.set(key, { labels, ...earliest(found, known) })
  }
  return [...byObject.values()]
}

function earliest(a: ObjectDates, b: ObjectDates = {}): ObjectDates {
  const min = (a?: number, b?: number) => Math.min(a ?? Infinity, b ?? Infinity)
  return {
    createdAtMs: min(a.createdAtMs, b.createdAtMs),
    expiresAtMs: min(a.expiresAtMs, b.expiresAtMs),
  }
}

const samplesOf = (objects: readonly DatedObject[], date: keyof ObjectDates): readonly Sample[] =>
  objects.flatMap(({ labels, [date]: ms }) =>
    ms === undefined || !Number.isFinite(ms) ? [] : [{ labels, value: ms / 1000 }],
  )

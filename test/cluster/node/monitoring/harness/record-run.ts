import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  type StalePodsRun,
  stalePodsFile,
  stalePodsPictures,
} from '../../../../docs/picture/stale-pods-chart.ts'
import { writePictures } from '../../../../docs/picture/write-pictures.ts'
import { intervalSeconds } from './open-monitoring.ts'
import type { Prometheus } from './start-prometheus.ts'

/** Writes the series of a run to a file, and draws the pictures of docs/operate.md from them. */
export async function recordRun(
  { prometheus, rule }: { readonly prometheus: Prometheus; readonly rule: string },
  cutOff: { readonly fromSeconds: number; readonly untilSeconds: number },
): Promise<void> {
  const start = cutOff.fromSeconds - leadSeconds
  const valuesOf = async (expression: string) => {
    const [series] = await prometheus.queryAll(expression, start)
    return (series?.values ?? []).map(([, value]) => Number(value))
  }
  const staleness = 'akv_injector_agent_staleness_seconds'
  const [, threshold = ''] = rule.split('>')
  const [thresholdSeconds = 0] = await valuesOf(`min(${threshold})`)
  const run: StalePodsRun = {
    stepSeconds: intervalSeconds,
    fresh: await valuesOf(`count(${staleness} == 0)`),
    stale: await valuesOf(`count(${staleness} > 0) or vector(0)`),
    stalenessSeconds: await valuesOf(`max(${staleness})`),
    thresholdSeconds,
    firing: await valuesOf(
      'count(ALERTS{alertname="AkvInjectorPodStale", alertstate="firing"}) or vector(0)',
    ),
    cutOffSeconds: [leadSeconds, Math.round(cutOff.untilSeconds - start)],
  }
  const file = join(root, stalePodsFile)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(run)}\n`)
  writePictures(stalePodsPictures(run))
}

/** How long before the outage the picture begins. */
export const leadSeconds = 45
const root = join(import.meta.dirname, '../../../../..')

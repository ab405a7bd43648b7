import { secretsInPage } from '../../delivery/contract.ts'
import type { Figure } from '../bench/bench.ts'
import { countAnswers, countRestarts, quantile } from './fleet-figures.ts'
import { foundByEach } from './pod-config.ts'
import { type FleetScale, limitFor, minuteMs } from './scenarios.ts'
import { boundedFigures, mostIn } from './shared-figures.ts'
import type { ByScale } from './shared-vaults.ts'
import { type FleetResult, simulateFleet } from './simulate-fleet.ts'

/** How many pods share Key Vault's limit. A smaller fleet gets a smaller limit. */
export const findingPods = 2_000
export const secretsInVault = 250
export const findSeconds = 300
const pages = secretsInVault / secretsInPage
/** All have started and refreshed by then. */
const steadyFromMs = 10 * minuteMs

/** All pods start within a minute, list a vault of {@link secretsInVault} secrets, find ten of them, and refresh. */
export const startFinding = (
  scale: FleetScale,
  { steadyMs = 60 * minuteMs, refreshSeconds = findSeconds } = {},
): Promise<FleetResult> =>
  simulateFleet({
    ...scale,
    startWithinMs: minuteMs,
    limit: limitFor(scale, findingPods),
    secrets: secretsInVault,
    seed: 4,
    refreshSeconds,
    durationMs: steadyFromMs + steadyMs,
  })

/** After the start: what the vault was asked, beside the formula of docs/specification.md, "Refreshing finds". */
export function steadyRequests(result: FleetResult) {
  const steady = result.seconds.slice(steadyFromMs / 1000)
  const requests = steady.reduce((sum, { served }) => sum + served, 0)
  const refused = steady.reduce((sum, { throttled }) => sum + throttled, 0)
  const intervals = steady.length / findSeconds
  // No secret changes, so C and K are 0, and each is fetched once an hour.
  const listed = result.pods.length * pages * intervals
  const fetched = result.pods.length * foundByEach * Math.floor(steady.length / 3600)
  return {
    requests,
    refused,
    formula: listed + fetched,
    mostInWindow: mostIn(10, steady, ({ served }) => served),
  }
}

export function findingFigures(result: FleetResult, scale: FleetScale): readonly Figure[] {
  const { requests } = limitFor(scale, findingPods)
  const floorSeconds = (scale.pods * (pages + foundByEach) * 10) / requests
  const ready = result.pods.map(({ readyAtMs }) => readyAtMs / 1000)
  const steady = steadyRequests(result)
  const bounded = (what: string, value: number, atMost: number | ByScale) => ({
    what,
    value,
    atMost,
  })
  return [
    { what: 'requests to start / the limit of the vault (floor)', value: `${floorSeconds} s` },
    ...boundedFigures(
      [
        bounded('half of the pods have their files after, in s', quantile(ready, 0.5), 100),
        bounded('95 % after, in s', quantile(ready, 0.95), 170),
        bounded('all after, in s', quantile(ready, 1), 200),
        bounded('restarts', countRestarts(result), 0),
        bounded('answers 429 for each pod', countAnswers(result, 'throttled') / scale.pods, 2.5),
        bounded('answers 429 in the hour after ten minutes', steady.refused, 0),
        bounded('requests in that hour / the formula', steady.requests / steady.formula, 1.02),
        bounded('most requests in 10 s of it / the limit', steady.mostInWindow / requests, {
          full: 0.5,
          tenth: 0.9,
        }),
      ],
      scale,
      findingPods,
    ),
    { what: 'requests in that hour', value: steady.requests.toLocaleString('en') },
  ]
}

/** The shortest interval in which all lists fit into the limit is 50 s. */
export const shortIntervals = [60, 75, 100]

/** A tenth of the pods, at a tenth of the limit. */
export const findOften = (refreshSeconds: number): Promise<FleetResult> =>
  startFinding({ pods: findingPods / 10 }, { steadyMs: 10 * minuteMs, refreshSeconds })

export function shortIntervalFigure(refreshSeconds: number, result: FleetResult): Figure {
  const allAfter = quantile(
    result.pods.map(({ readyAtMs }) => readyAtMs / 1000),
    1,
  )
  const refused = steadyRequests(result).refused / result.pods.length
  return {
    what: `every ${refreshSeconds} s`,
    value: `all have their files after ${allAfter.toFixed(0)} s; ${refused.toFixed(1)} answers 429 for each pod in minutes 11 to 20`,
  }
}

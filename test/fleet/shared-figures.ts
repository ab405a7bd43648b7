import type { Figure } from '../bench/bench.ts'
import { countAnswers, quantile } from './fleet-figures.ts'
import { type FleetScale, fullPods, limitFor } from './scenarios.ts'
import {
  type ByScale,
  lonePods,
  readySeconds,
  type SharedVault,
  strangerEndsAtMs,
} from './shared-vaults.ts'
import type { FleetResult } from './simulate-fleet.ts'
import type { VaultSecond } from './vault-model.ts'

/** What was found, and what it may be at most. */
interface Measured {
  readonly what: string
  readonly value: number
  readonly atMost: number | ByScale | undefined
}

/**
 * Shows values with a bound, and fails those that exceed it.
 *
 * @param full - how many pods a fleet has for which the bounds of full scale hold
 */
export function boundedFigures(
  measured: readonly Measured[],
  scale: FleetScale,
  full = fullPods,
): readonly Figure[] {
  return measured.flatMap(({ what, value, atMost }): Figure[] => {
    if (atMost === undefined) return []
    const bound =
      typeof atMost === 'number' ? atMost : scale.pods < full ? atMost.tenth : atMost.full
    const shown = `${show(value)} (at most ${show(bound)})`
    const failure = `${what}: ${shown}`
    return [{ what, value: shown, ...(value <= bound ? {} : { failure }) }]
  })
}

const show = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0))
const worst = (values: readonly number[]): number => Math.max(...values)

/** The worst figures of some runs, and which of them are too high. */
export function sharedFigures(
  vault: SharedVault,
  runs: readonly FleetResult[],
  scale: FleetScale,
): readonly Figure[] {
  const { atMost, stranger } = vault
  const { requests, windowMs } = limitFor(scale)
  const perSecond = (1000 * requests) / windowMs
  const ready = (part: number) => worst(runs.map((run) => quantile(readySeconds(vault, run), part)))
  const endSecond = (stranger?.untilMs ?? 0) / 1000
  const measured: readonly Measured[] = [
    ...Object.entries(atMost.readySeconds).map(([part, seconds]) => ({
      what: part === '1' ? 'all after, in s' : `${100 * Number(part)} % after, in s`,
      value: ready(Number(part)),
      atMost: seconds,
    })),
    {
      what: 'answers 429 for each object',
      value: worst(runs.map(refusalsPerObject)),
      atMost: atMost.refusalsPerObject,
    },
    {
      what: 'most answers 429 in a second / limit',
      value:
        worst(runs.map(({ seconds }) => mostIn(1, seconds, ({ throttled }) => throttled))) /
        perSecond,
      atMost: atMost.refusalsInSecond,
    },
    {
      what: 'most requests in 10 s after the end / limit',
      value:
        worst(runs.map(({ seconds }) => mostIn(10, seconds.slice(endSecond), allAnswers))) /
        requests,
      atMost: atMost.requestsAfterEnd,
    },
  ]
  return [
    { what: 'half of the pods have their files after, in s', value: show(ready(0.5)) },
    ...boundedFigures(measured, scale),
  ]
}

const allAnswers = ({ served, throttled }: VaultSecond): number => served + throttled

export function refusalsPerObject(run: FleetResult): number {
  const objects = run.pods.reduce((sum, pod) => sum + pod.objects, 0)
  return countAnswers(run, 'throttled') / objects
}

/** The most within some seconds in a row. */
export function mostIn(
  length: number,
  seconds: readonly VaultSecond[],
  count: (second: VaultSecond) => number,
): number {
  let sum = 0
  let most = 0
  for (const [index, second] of seconds.entries()) {
    const past = seconds[index - length]
    sum += count(second) - (past === undefined ? 0 : count(past))
    most = Math.max(most, sum)
  }
  return most
}

/** @param waits - of each of {@link lonePods}, in seconds */
export const lonePodFigures = (
  waits: readonly (readonly number[])[],
  scale: FleetScale,
): readonly Figure[] =>
  boundedFigures(
    lonePods.map(({ refusedSeconds, meanSeconds }, index) => ({
      what: `after ${refusedSeconds} s of refusals, on average in s`,
      value: mean(waits[index] ?? []),
      atMost: meanSeconds,
    })),
    scale,
  )

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** When pods that refresh are fresh again after a stranger's end. */
export function refreshFigures({ pods }: FleetResult, scale: FleetScale): readonly Figure[] {
  const freshSeconds = pods.map(({ freshAtMs }) => (freshAtMs - strangerEndsAtMs) / 1000)
  return boundedFigures(
    [
      {
        what: 'half of the pods are fresh after, in s',
        value: quantile(freshSeconds, 0.5),
        atMost: 300,
      },
      { what: '95 % after, in s', value: quantile(freshSeconds, 0.95), atMost: 550 },
      { what: 'all after, in s', value: quantile(freshSeconds, 1), atMost: 900 },
    ],
    scale,
  )
}

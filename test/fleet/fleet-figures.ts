import type { Figure } from '../bench/bench.ts'
import { floorMs, outage, outageRefreshSeconds } from './scenarios.ts'
import type { FleetResult } from './simulate-fleet.ts'
import type { VaultSecond } from './vault-model.ts'

/** The value that this part of the values doesn't exceed. */
export const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil((values.length - 1) * part)] ?? Number.NaN

export const countAnswers = ({ seconds }: FleetResult, kind: keyof VaultSecond): number =>
  seconds.reduce((sum, second) => sum + second[kind], 0)

export const countRestarts = ({ pods }: FleetResult): number =>
  pods.reduce((sum, { restarts }) => sum + restarts, 0)

const seconds = (ms: number): string => `${(ms / 1000).toFixed(0)} s`
const count = (value: number): string => value.toLocaleString('en')

export function startFigures(result: FleetResult): readonly Figure[] {
  const readyAtMs = result.pods.map((pod) => pod.readyAtMs)
  return [
    { what: 'objects / the limit of the vault (floor)', value: seconds(floorMs(result.pods)) },
    { what: 'half of the pods have their files after', value: seconds(quantile(readyAtMs, 0.5)) },
    { what: '95 % after', value: seconds(quantile(readyAtMs, 0.95)) },
    { what: 'all after', value: seconds(quantile(readyAtMs, 1)) },
    { what: 'objects served', value: count(countAnswers(result, 'served')) },
    { what: 'answers 429', value: count(countAnswers(result, 'throttled')) },
    { what: 'restarts', value: count(countRestarts(result)) },
  ]
}

/** @param floor - the same pods without pauses */
export function aloneFigures(result: FleetResult, floor: FleetResult): readonly Figure[] {
  const medianMs = ({ pods }: FleetResult) =>
    quantile(
      pods.map(({ startAtMs, readyAtMs }) => readyAtMs - startAtMs),
      0.5,
    )
  return [
    { what: 'without pauses (floor)', value: `${medianMs(floor).toFixed(0)} ms` },
    { what: 'median', value: `${medianMs(result).toFixed(0)} ms` },
  ]
}

export function outageFigures(result: FleetResult): readonly Figure[] {
  const { pods } = result
  const freshAfterMs = pods.map(({ freshAtMs }) => freshAtMs - outage.untilMs)
  const failed = countAnswers(result, 'failed')
  return [
    { what: 'interval', value: seconds(outageRefreshSeconds * 1000) },
    { what: 'failed requests of each pod', value: (failed / pods.length).toFixed(1) },
    { what: 'half of the pods are fresh after', value: seconds(quantile(freshAfterMs, 0.5)) },
    { what: 'all after', value: seconds(quantile(freshAfterMs, 1)) },
    { what: 'answers 429', value: count(countAnswers(result, 'throttled')) },
  ]
}

import type { Chart, Point } from '../docs/picture/draw-chart.ts'
import { floorMs, outage, outageRefreshSeconds } from './scenarios.ts'
import type { FleetResult } from './simulate-fleet.ts'
import type { VaultSecond } from './vault-model.ts'

/** The vault's limit counts 10 s together, so shorter steps would show its windows. */
const stepSeconds = 10

/** How many of the times have passed at each step of the axis, beginning at `fromSeconds`. */
export function countPassed(
  timesMs: readonly number[],
  { fromSeconds, untilSeconds }: { readonly fromSeconds: number; readonly untilSeconds: number },
): readonly Point[] {
  const steps = Math.floor((untilSeconds - fromSeconds) / stepSeconds) + 1
  return Array.from({ length: steps }, (_, index): Point => {
    const second = fromSeconds + index * stepSeconds
    return [second, timesMs.filter((ms) => ms <= second * 1000).length]
  })
}

/** The answers of one kind, as the average of each step. */
function perSecond(
  seconds: readonly VaultSecond[],
  { kind, untilSeconds }: { readonly kind: keyof VaultSecond; readonly untilSeconds: number },
): readonly Point[] {
  return Array.from({ length: Math.floor(untilSeconds / stepSeconds) }, (_, index): Point => {
    const step = seconds.slice(index * stepSeconds, (index + 1) * stepSeconds)
    const sum = step.reduce((total, second) => total + second[kind], 0)
    return [(index + 0.5) * stepSeconds, sum / stepSeconds]
  })
}

/** When the pods of {@link FleetResult} had their files, and what the vault answered meanwhile. */
export function chartOfStart({ pods, seconds }: FleetResult): Chart {
  const untilSeconds = 330
  const floorSeconds = floorMs(pods) / 1000
  return {
    title: 'A fleet that starts together',
    minX: 0,
    maxX: untilSeconds,
    panels: [
      {
        title: 'pods that have their files',
        maxY: pods.length,
        curves: [
          {
            kind: 'good',
            label: 'akv-injector',
            points: countPassed(
              pods.map(({ readyAtMs }) => readyAtMs),
              { fromSeconds: 0, untilSeconds },
            ),
          },
          {
            kind: 'floor',
            label: 'limit of the vault',
            points: [
              [0, 0],
              [floorSeconds, pods.length],
              [untilSeconds, pods.length],
            ],
          },
        ],
      },
      {
        title: 'answers of the vault, per second',
        maxY: 800,
        curves: [
          {
            kind: 'good',
            label: 'objects',
            points: perSecond(seconds, { kind: 'served', untilSeconds }),
          },
          {
            kind: 'bad',
            label: '429',
            points: perSecond(seconds, { kind: 'throttled', untilSeconds }),
          },
        ],
      },
    ],
  }
}

/** What the vault answered during an outage, and when the pods were fresh again. */
export function chartOfOutage({ pods, seconds }: FleetResult): Chart {
  const endSeconds = outage.untilMs / 1000
  const untilSeconds = endSeconds + 1.2 * outageRefreshSeconds
  const fromSeconds = outage.fromMs / 1000 - 60
  const shown = (kind: keyof VaultSecond) =>
    perSecond(seconds, { kind, untilSeconds }).filter(([second]) => second >= fromSeconds)
  return {
    title: 'An outage of ten minutes',
    minX: fromSeconds,
    maxX: untilSeconds,
    panels: [
      {
        title: 'pods refreshed since the outage',
        maxY: pods.length,
        curves: [
          {
            kind: 'good',
            label: 'akv-injector',
            points: countPassed(
              pods.map(({ freshAtMs }) => freshAtMs),
              { fromSeconds: endSeconds, untilSeconds },
            ),
          },
        ],
      },
      {
        title: 'answers of the vault, per second',
        maxY: 400,
        curves: [
          { kind: 'good', label: 'objects', points: shown('served') },
          { kind: 'bad', label: '503', points: shown('failed') },
        ],
      },
    ],
  }
}

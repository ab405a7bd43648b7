import type { Chart, Panel } from '../docs/picture/draw-chart.ts'
import { countPassed } from './fleet-charts.ts'
import { floorMs } from './scenarios.ts'
import { mean } from './shared-figures.ts'
import { lonePods, type SharedVault } from './shared-vaults.ts'
import type { FleetResult } from './simulate-fleet.ts'

/** How long the curves are. A few pods have no part in the last one. */
const untilSeconds = 1_320

/** Of each vault, when the pods of the first run had their files. */
export const chartOfSharedVaults = (
  shared: readonly { readonly vault: SharedVault; readonly runs: readonly FleetResult[] }[],
): Chart => ({
  title: 'A fleet that shares its vault',
  minX: 0,
  maxX: untilSeconds,
  panels: shared.flatMap(({ vault, runs }) => runs.slice(0, 1).map((run) => panelOf(vault, run))),
})

function panelOf({ title, stranger, podsPart = 1 }: SharedVault, { pods }: FleetResult): Panel {
  const endSeconds = (stranger?.untilMs ?? 0) / 1000
  const left = stranger === undefined || endSeconds > 0 ? 1 : 1 - stranger.part
  // The limit is for all pods of the fleet, also if only a part of them starts.
  const floorSeconds = endSeconds + ((floorMs(pods) / 1000) * podsPart) / left
  const points = countPassed(
    pods.map(({ readyAtMs }) => readyAtMs),
    { fromSeconds: 0, untilSeconds },
  )
  const floor = [
    [endSeconds, 0],
    [floorSeconds, pods.length],
    [untilSeconds, pods.length],
  ] as const
  return {
    title: `pods ${title}`,
    maxY: pods.length,
    curves: [
      { kind: 'good', label: 'have their files', points },
      ...(left > 0 ? [{ kind: 'floor' as const, label: 'limit', points: floor }] : []),
    ],
  }
}

/** @param waits - of each of {@link lonePods}, in seconds */
export const chartOfLonePods = (waits: readonly (readonly number[])[]): Chart => ({
  title: 'A pod that is refused alone',
  minX: 0,
  maxX: 300,
  panels: [
    {
      title: 'seconds until it is up',
      maxY: 100,
      curves: [
        {
          kind: 'good',
          label: 'on average',
          points: lonePods.map(({ refusedSeconds }, index) => [
            refusedSeconds,
            mean(waits[index] ?? []),
          ]),
        },
        {
          kind: 'floor',
          label: 'at most',
          points: lonePods.map(({ refusedSeconds }, index) => [
            refusedSeconds,
            Math.max(...(waits[index] ?? [])),
          ]),
        },
      ],
    },
  ],
})

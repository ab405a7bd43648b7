import { type Chart, chartPictures, type Point } from './draw-chart.ts'

/** What Prometheus recorded while pods were cut off from their vault. Each list has one number for each step. */
export interface StalePodsRun {
  readonly stepSeconds: number
  readonly fresh: readonly number[]
  readonly stale: readonly number[]
  /** The staleness of the stalest pod. */
  readonly stalenessSeconds: readonly number[]
  /** Above this staleness the alert fires. */
  readonly thresholdSeconds: number
  readonly firing: readonly number[]
  /** When the vault was cut off and when it was back, from the start. */
  readonly cutOffSeconds: readonly [from: number, until: number]
}

/** Where the run is recorded. */
export const stalePodsFile = 'test/fixtures/monitoring/stale-pods.json'

/** Returns the pictures for docs/operate.md, by path. */
export const stalePodsPictures = (run: StalePodsRun) => chartPictures('stale-pods', chartOf(run))

function chartOf(run: StalePodsRun): Chart {
  const { stepSeconds, fresh, stale, stalenessSeconds, thresholdSeconds, firing } = run
  const [from, until] = run.cutOffSeconds
  const maxX = (fresh.length - 1) * stepSeconds
  const points = (values: readonly number[]) =>
    values.map((value, step): Point => [step * stepSeconds, value])
  const stalest = Math.max(...stale)
  return {
    title: 'Three of 50 pods are cut off from their vault',
    minX: 0,
    maxX,
    panels: [
      {
        title: 'pods',
        maxY: Math.max(...fresh),
        curves: [
          { kind: 'good', label: 'fresh', points: points(fresh) },
          { kind: 'bad', label: 'stale', points: points(stale) },
        ],
      },
      {
        title: 'staleness, in seconds',
        maxY: 60 * Math.ceil(Math.max(...stalenessSeconds) / 60),
        curves: [
          { kind: 'bad', label: 'the stalest pod', points: points(stalenessSeconds) },
          {
            kind: 'floor',
            label: `alert above ${thresholdSeconds} s`,
            points: [
              [0, thresholdSeconds],
              [maxX, thresholdSeconds],
            ],
          },
        ],
      },
      {
        title: 'alerts that fire',
        maxY: stalest + 1,
        curves: [
          { kind: 'bad', label: 'AkvInjectorPodStale', points: points(firing) },
          {
            kind: 'floor',
            label: 'vault cut off',
            points: [
              [from, 0],
              [from, stalest + 1],
              [until, stalest + 1],
              [until, 0],
            ],
          },
        ],
      },
    ],
  }
}

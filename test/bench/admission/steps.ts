import type { Load } from './load.ts'

/** What to send to each server before the next step. */
export interface Step {
  readonly path: '/mutate' | '/mutate/csi'
  /** `share`: of what the slowest server answered at full load, in the step `warm`; for a second */
  readonly load: Load | (Pick<Load, 'reviews'> & { readonly kind: 'share'; readonly share: number })
  /** How often. The servers take turns after each slice. */
  readonly slices: number
  /** The same in a smoke run. */
  readonly smokeSlices: number
  /** Under which name to keep what the slices found. Absent: the step only prepares the next ones. */
  readonly name?: StepName
}
export type StepName =
  | 'cold'
  | 'warm'
  | 'steadyLow'
  | 'steadyHigh'
  | 'connect'
  | 'large'
  | 'servedCold'
  | 'servedWarm'
  | 'servedConnect'

const full = (reviews: Load['reviews'], count: number): Load => ({ kind: 'full', reviews, count })
const steady = (share: number) => ({ kind: 'share', reviews: 'annotated', share }) as const
export const lowShare = 0.1
export const highShare = 0.3
const open = (reviews: Load['reviews']): Load => ({ kind: 'open', reviews, count: 16 })
const connect = (reviews: Load['reviews']): Load => ({ kind: 'connect', reviews, count: 30 })

const step = (path: Step['path'], load: Step['load'], sizes: Partial<Step>): Step => ({
  path,
  load,
  slices: 1,
  smokeSlices: 1,
  ...sizes,
})

/** A slice at full load sends each of the 400 reviews once. In a smoke run, latencies would be noise. */
export const steps: readonly Step[] = [
  step('/mutate', open('annotated'), {}),
  step('/mutate', full('annotated', 400), { name: 'cold', slices: 12, smokeSlices: 3 }),
  step('/mutate', full('annotated', 400), { slices: 25, smokeSlices: 4 }),
  step('/mutate', full('annotated', 400), { name: 'warm', slices: 12, smokeSlices: 5 }),
  // After full load, V8 gives memory back, with threads that share the server's core.
  step('/mutate', steady(lowShare), { slices: 3, smokeSlices: 0 }),
  step('/mutate', steady(lowShare), { name: 'steadyLow', slices: 10, smokeSlices: 0 }),
  step('/mutate', steady(highShare), { name: 'steadyHigh', slices: 10, smokeSlices: 0 }),
  step('/mutate', connect('annotated'), { name: 'connect', slices: 12, smokeSlices: 5 }),
  step('/mutate', open('large'), {}),
  step('/mutate', full('large', 30), { name: 'large', slices: 12, smokeSlices: 3 }),
  step('/mutate/csi', open('served'), {}),
  step('/mutate/csi', full('served', 400), { name: 'servedCold', slices: 6, smokeSlices: 3 }),
  step('/mutate/csi', full('served', 400), { slices: 12, smokeSlices: 2 }),
  step('/mutate/csi', full('served', 400), { name: 'servedWarm', slices: 6, smokeSlices: 4 }),
  step('/mutate/csi', connect('served'), { name: 'servedConnect', slices: 12, smokeSlices: 5 }),
]

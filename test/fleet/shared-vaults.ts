import { createRandom } from '../support/create-random.ts'
import { type FleetScale, limitFor, minuteMs } from './scenarios.ts'
import { type FleetResult, simulateFleet } from './simulate-fleet.ts'
import type { VaultLimit } from './vault-limit.ts'

/** What no run may exceed. A smaller fleet has a bound of its own where chance weighs more in it. */
interface SharedBounds {
  /** By the part of the pods, from 0 to 1: after how many seconds they have their files. */
  readonly readySeconds: Readonly<Record<string, number | ByScale>>
  readonly refusalsPerObject: number
  /** The most 429s in a second, as a multiple of the requests that the limit allows in a second. */
  readonly refusalsInSecond?: number | ByScale
  /** The most requests in 10 s after the stranger's end, as a multiple of the limit. */
  readonly requestsAfterEnd?: number
}

export interface ByScale {
  readonly full: number
  readonly tenth: number
}

/** A vault that all pods of a fleet start to use within a minute. */
export interface SharedVault {
  readonly title: string
  readonly limit: Partial<VaultLimit>
  /** A client that never backs off. `part` of the limit is what it asks for. */
  readonly stranger?: { readonly part: number; readonly untilMs?: number }
  /** How many pods start, of those that the limit is for. By default, all. */
  readonly podsPart?: number
  readonly durationMs: number
  readonly atMost: SharedBounds
}

/** Which model Key Vault follows isn't known for sure, so the agent's pauses have to do in each of them. */
export const sharedVaults: readonly SharedVault[] = [
  {
    title: 'alone, with a limit in fixed windows',
    limit: { kind: 'fixed' },
    durationMs: 10 * minuteMs,
    atMost: {
      readySeconds: { 1: 320 },
      refusalsPerObject: 0.35,
      refusalsInSecond: { full: 1.65, tenth: 2.6 },
    },
  },
  {
    title: 'alone, refused requests count',
    limit: { countsRefused: true },
    durationMs: 20 * minuteMs,
    atMost: { readySeconds: { 1: 450 }, refusalsPerObject: 0.5 },
  },
  {
    title: 'beside half the limit, refused requests count',
    limit: { countsRefused: true },
    stranger: { part: 0.5 },
    durationMs: 25 * minuteMs,
    atMost: { readySeconds: { 1: 1_300 }, refusalsPerObject: 1.5 },
  },
  {
    title: 'beside 2.5 times the limit',
    limit: {},
    stranger: { part: 2.5 },
    durationMs: 40 * minuteMs,
    atMost: {
      readySeconds: { 0.95: { full: 600, tenth: 850 }, 0.99: { full: 720, tenth: 1_300 } },
      refusalsPerObject: 0.7,
    },
  },
  {
    title: 'after 2.5 times the limit, refused requests count',
    limit: { countsRefused: true },
    stranger: { part: 2.5, untilMs: 10 * minuteMs },
    durationMs: 20 * minuteMs,
    atMost: {
      readySeconds: { 1: { full: 350, tenth: 400 } },
      refusalsPerObject: 1.3,
      requestsAfterEnd: 1.2,
    },
  },
  {
    title: 'of which 30 % start, refused requests count',
    limit: { countsRefused: true },
    podsPart: 0.3,
    durationMs: 10 * minuteMs,
    atMost: { readySeconds: { 1: 200 }, refusalsPerObject: 0.3 },
  },
]

/** @param scale - the pods that the limit is for */
export function startAtSharedVault(
  vault: SharedVault,
  scale: FleetScale & { readonly seed: number },
): Promise<FleetResult> {
  const { stranger, podsPart = 1, durationMs } = vault
  const { pods, seed } = scale
  const limit = { ...limitFor(scale), ...vault.limit }
  return simulateFleet({
    pods: Math.round(pods * podsPart),
    startWithinMs: minuteMs,
    limit,
    ...(stranger && {
      stranger: {
        ...stranger,
        requestsPerSecond: (stranger.part * 1000 * limit.requests) / limit.windowMs,
        random: createRandom(seed + 1_000),
      },
    }),
    seed,
    durationMs,
  })
}

/** When the pods had their files, in seconds after the start, or after the stranger's end. */
export const readySeconds = ({ stranger }: SharedVault, { pods }: FleetResult): readonly number[] =>
  pods.map(({ readyAtMs }) => (readyAtMs - (stranger?.untilMs ?? 0)) / 1000)

const refreshSeconds = 600

/** A stranger asks for 2.5 times the limit for ten minutes, while pods that use two fifths of the limit refresh. */
export const refreshBesideStranger = (scale: FleetScale): Promise<FleetResult> => {
  const limit = { ...limitFor(scale), countsRefused: true }
  return simulateFleet({
    ...scale,
    startWithinMs: 10 * minuteMs,
    limit,
    stranger: {
      requestsPerSecond: (2.5 * 1000 * limit.requests) / limit.windowMs,
      fromMs: 12 * minuteMs,
      untilMs: strangerEndsAtMs,
      random: createRandom(7),
    },
    seed: 8,
    refreshSeconds,
    durationMs: 50 * minuteMs,
  })
}
export const strangerEndsAtMs = 22 * minuteMs

/** How long a vault refuses a pod that nobody else disturbs, and how long the pod may wait after that on average. */
export const lonePods = [
  { refusedSeconds: 5, meanSeconds: 20 },
  { refusedSeconds: 20, meanSeconds: 30 },
  { refusedSeconds: 60, meanSeconds: 45 },
  { refusedSeconds: 120, meanSeconds: 60 },
  { refusedSeconds: 300, meanSeconds: 60 },
] as const

/** Pods that have the vault for themselves, each refused from its first request on. Returns how long each waited after that. */
export async function refuseLonePods(refusedSeconds: number): Promise<readonly number[]> {
  const { pods } = await simulateFleet({
    pods: 300,
    startWithinMs: 10_000,
    limit: { ...limitFor({ pods: 1 }), requests: Number.POSITIVE_INFINITY },
    refusesPodsForMs: refusedSeconds * 1000,
    seed: 9,
    durationMs: refusedSeconds * 1000 + 5 * minuteMs,
  })
  return pods.map(({ startAtMs, readyAtMs }) => (readyAtMs - startAtMs) / 1000 - refusedSeconds)
}

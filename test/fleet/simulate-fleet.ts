import { createRandom } from '../support/create-random.ts'
import { createPodConfig, findingPodConfig } from './pod-config.ts'
import { runPod, type SimulatedPod } from './simulated-pod.ts'
import type { Stranger, VaultLimit } from './vault-limit.ts'
import { createVaultModel, type VaultSecond } from './vault-model.ts'
import { createVirtualTime } from './virtual-time.ts'

export interface FleetOptions {
  readonly pods: number
  /** Pods start at random times within this span. */
  readonly startWithinMs: number
  /** How many pods start at the same moment, because they are on the same node. By default, each pod has a moment of its own. */
  readonly podsPerNode?: number
  readonly limit: VaultLimit
  readonly seed: number
  /** 0: the pods fetch once. */
  readonly refreshSeconds?: number
  /** If set, the vault has this many secrets, and each pod finds ten of them. By default, pods name their objects. */
  readonly secrets?: number
  /** While it lasts, the vault answers every request with 503. */
  readonly outage?: { readonly fromMs: number; readonly untilMs: number }
  readonly stranger?: Stranger
  /** How long the vault refuses each pod, from its first request on. */
  readonly refusesPodsForMs?: number
  readonly durationMs: number
  /** Leaves the agent's pauses out, as a floor to compare with. */
  readonly isWithoutPauses?: boolean
}

export interface FleetResult {
  readonly seconds: readonly VaultSecond[]
  readonly pods: readonly SimulatedPod[]
}

/** Runs the agent's own code for each pod, against a model of one vault, in virtual time. */
export async function simulateFleet(options: FleetOptions): Promise<FleetResult> {
  const { outage, stranger, seed, durationMs, podsPerNode = 1, isWithoutPauses = false } = options
  const { secrets, refreshSeconds = 0 } = options
  const time = createVirtualTime()
  const random = createRandom(seed)
  let startAtMs = 0
  const pods = Array.from({ length: options.pods }, (_, index): SimulatedPod => {
    const { config, objects } =
      secrets === undefined
        ? createPodConfig(index, { random, refreshSeconds })
        : findingPodConfig(index, { secrets, refreshSeconds })
    if (index % podsPerNode === 0) startAtMs = random() * options.startWithinMs
    return {
      clock: time.clock(seed * 100_003 + index),
      config,
      objects,
      startAtMs,
      readyAtMs: Number.POSITIVE_INFINITY,
      freshAtMs: Number.POSITIVE_INFINITY,
      restarts: 0,
    }
  })
  const vault = createVaultModel(options)
  const stop = new AbortController()
  const outageEndsAtMs = outage?.untilMs ?? stranger?.untilMs ?? Number.POSITIVE_INFINITY
  const world = { vault, outageEndsAtMs, isWithoutPauses, signal: stop.signal }
  const lives = pods.map((pod) => runPod(pod, world))
  await time.pass(durationMs)
  stop.abort()
  // Requests that are in flight still get their answers.
  await time.pass(1_000)
  await Promise.all(lives)
  return { seconds: vault.seconds, pods }
}

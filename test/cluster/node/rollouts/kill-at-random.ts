import { setTimeout as delay } from 'node:timers/promises'
import type { OpenNode } from '../harness/open-node.ts'
import { killController } from './rollout-controller.ts'

/** About as long as a rotation takes until its roll-outs have ended. */
const withinMs = 100_000
const most = 3

/** Kills the controller one to three times, at random times. Resolves after the last. */
export async function killAtRandom(node: OpenNode, random: () => number): Promise<void> {
  const count = 1 + Math.floor(random() * most)
  const times = Array.from({ length: count }, () => random() * withinMs).sort((a, b) => a - b)
  let atMs = 0
  for (const time of times) {
    await delay(time - atMs)
    atMs = time
    await killController(node)
  }
}

/** Numbers between 0 and 1, the same for the same seed (Mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

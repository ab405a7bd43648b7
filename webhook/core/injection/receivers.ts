import type { Container } from '../model/pod.ts'
import { type AddedVariable, startGate } from './env-entry.ts'
import type { Consumer } from './placement.ts'
import type { Plan } from './plan.ts'

/** A container that the plan changes. */
export interface Receiver extends Consumer {
  /** In the order that they get in the container. */
  readonly variables: readonly AddedVariable[]
  /** Whether it is a consumer, and not only waits. */
  readonly receivesObjects: boolean
}

/**
 * The containers that receive objects or wait for the start gate. The gate comes first, because the kubelet reports only the first
 * variable that it doesn't find.
 */
export function receivers({ config, consumers, gated }: Plan): readonly Receiver[] {
  const consuming = new Set(consumers.map(({ container }) => container))
  const waiting = new Set(gated.map(({ container }) => container))
  const others = gated.filter(({ container }) => !consuming.has(container))
  return [...consumers, ...others].map((consumer) => {
    const receivesObjects = consuming.has(consumer.container)
    const variables = [
      ...(waiting.has(consumer.container) ? [startGate] : []),
      ...(receivesObjects ? config.env : []),
    ]
    return { ...consumer, variables, receivesObjects }
  })
}

/** The variables of each container that the plan changes. */
export const variablesByContainer = (
  plan: Plan,
): ReadonlyMap<Container, readonly AddedVariable[]> =>
  new Map(receivers(plan).map(({ container, variables }) => [container, variables]))

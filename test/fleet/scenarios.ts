import { type FleetResult, simulateFleet } from './simulate-fleet.ts'
import { keyVaultLimit, type VaultLimit } from './vault-limit.ts'

/** A smaller fleet gets a vault with a limit that is smaller by as much, so that it comes to the same curves. */
export interface FleetScale {
  readonly pods: number
}

export const fullPods = 10_000
export const minuteMs = 60_000

/** @param full - how many pods share Key Vault's limit */
export const limitFor = ({ pods }: FleetScale, full = fullPods): VaultLimit => ({
  ...keyVaultLimit,
  requests: Math.ceil((keyVaultLimit.requests * pods) / full),
})

/** All pods start within a minute. */
export const startTogether = (scale: FleetScale): Promise<FleetResult> =>
  simulateFleet({
    ...scale,
    startWithinMs: minuteMs,
    limit: limitFor(scale),
    seed: 1,
    durationMs: 10 * minuteMs,
  })

/** Every node has five pods of the fleet, so the whole fleet is on 2,000 nodes. */
export const podsPerNode = 5

/** All nodes come back within a minute after a reboot, and each starts all its pods at once. Their files are lost. */
export const startAfterReboot = (scale: FleetScale): Promise<FleetResult> =>
  simulateFleet({
    ...scale,
    startWithinMs: minuteMs,
    podsPerNode,
    limit: limitFor(scale),
    seed: 6,
    durationMs: 10 * minuteMs,
  })

/** Pods start so far apart that the vault never throttles. `isWithoutPauses`: a floor to compare with. */
export const startAlone = (isWithoutPauses: boolean): Promise<FleetResult> =>
  simulateFleet({
    pods: 500,
    startWithinMs: 10 * minuteMs,
    limit: keyVaultLimit,
    seed: 2,
    durationMs: 11 * minuteMs,
    isWithoutPauses,
  })

export const outage = { fromMs: 12 * minuteMs, untilMs: 22 * minuteMs } as const
export const outageRefreshSeconds = 300

/** Pods that use half of the vault's limit refresh every 5 minutes. The vault answers with 503 for 10 minutes. */
export const goThroughOutage = (scale: FleetScale): Promise<FleetResult> =>
  simulateFleet({
    ...scale,
    startWithinMs: 10 * minuteMs,
    limit: limitFor({ pods: 2 * scale.pods }),
    seed: 3,
    refreshSeconds: outageRefreshSeconds,
    outage,
    durationMs: 29 * minuteMs,
  })

/** How long the vault's limit alone makes the last pod wait, if the pods are those of {@link startTogether}. */
export function floorMs(pods: FleetResult['pods']): number {
  const { requests, windowMs } = limitFor({ pods: pods.length })
  const objects = pods.reduce((sum, pod) => sum + pod.objects, 0)
  return (objects / requests) * windowMs
}

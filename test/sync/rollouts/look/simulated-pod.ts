import type { JsonObject } from '../../../../lib/shape.ts'

/** The account of all simulated pods. */
export const account = 'web'

/** A pod whose agent has fetched once. */
export function simulatedPod(
  name: string,
  {
    owner,
    annotations,
    startedMs,
    isReady = true,
    volumes = [],
  }: {
    readonly owner?: { readonly apiVersion?: string; readonly kind: string; readonly name: string }
    readonly annotations: Readonly<Record<string, string>>
    readonly startedMs: number
    readonly isReady?: boolean
    readonly volumes?: unknown
  },
): JsonObject {
  const startedAt = new Date(startedMs).toISOString()
  const terminated = { startedAt }
  return {
    metadata: {
      name,
      uid: `uid-${name}`,
      creationTimestamp: startedAt,
      annotations,
      ownerReferences:
        owner === undefined
          ? []
          : [{ apiVersion: 'apps/v1', uid: `uid-${owner.name}`, ...owner, controller: true }],
    },
    spec: {
      serviceAccountName: account,
      volumes,
      initContainers: Object.keys(annotations).length > 0 ? [{ name: 'akv-injector' }] : [],
    },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
      initContainerStatuses: [{ name: 'akv-injector', state: { terminated } }],
      containerStatuses: [{ name: 'app', state: { running: { startedAt } } }],
    },
  }
}

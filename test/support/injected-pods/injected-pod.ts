import { applyPatch } from '../../../command/review/apply-patch.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import { requestFor } from '../../webhook/core/arbitraries.ts'
import { policy } from '../../webhook/core/policy.ts'
import type { ApiObject, ObjectMetadata } from '../api-server/api-object.ts'

interface PodOptions {
  readonly namespace?: string
  readonly name?: string
  /** Without their prefix. */
  readonly annotations?: Readonly<Record<string, string>>
  readonly metadata?: object
  readonly status?: object
}

/** The image that the webhook of the tests gives to agents. */
export const { agentImage } = policy

/** A pod in an API server. */
export interface InjectedPod extends ApiObject {
  readonly metadata: ObjectMetadata & { readonly namespace: string }
}

/** A pod as the API server has it after the webhook has injected it. */
export function injectedPod({
  namespace = 'team-a',
  name = 'web',
  annotations = { vault: 'team-a', secrets: 'db-password', refresh: '5m' },
  metadata = {},
  status = runningStatus,
}: PodOptions = {}): InjectedPod {
  const prefixed = Object.entries(annotations).map(([key, value]) => [
    `akv-injector.io/${key}`,
    value,
  ])
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      name,
      uid: `uid-of-${namespace}-${name}`,
      creationTimestamp: '2026-11-29T09:00:00Z',
      annotations: Object.fromEntries(prefixed),
      labels: { app: 'web' },
      ...metadata,
    },
    spec: { containers: [{ name: 'app', image: 'app' }] },
  }
  const outcome = mutate(requestFor(pod), policy)
  if (outcome.kind !== 'injected') throw new Error(`not injected: ${JSON.stringify(outcome)}`)
  const injected = applyPatch(pod, outcome.operations)
  return { ...pod, ...injected, status } as unknown as InjectedPod
}

/** The status of a pod whose agent and whose app have started. */
export const runningStatus = {
  phase: 'Running',
  initContainerStatuses: [
    {
      name: 'akv-injector',
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: '2026-11-29T09:00:01Z' } },
    },
  ],
  containerStatuses: [
    {
      name: 'app',
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: '2026-11-29T09:00:10Z' } },
    },
  ],
}

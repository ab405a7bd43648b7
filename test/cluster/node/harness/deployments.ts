import type { Test } from 'tap'
import type { KubeObject } from '../../client/api.ts'
import { until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import type { OpenNode } from './open-node.ts'
import { untilSaid } from './until-said.ts'

/** Returns a Deployment with one replica of this pod. */
export function deploymentOf({ metadata, spec }: KubeObject, name: string): KubeObject {
  const { labels, annotations, namespace = '' } = metadata
  const template = { metadata: { labels: { ...Object(labels), app: name }, annotations }, spec }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { selector: { matchLabels: { app: name } }, template },
  }
}

/** A workload as the API server has it. */
export interface SeenWorkload extends KubeObject {
  readonly spec: {
    readonly replicas: number
    readonly template: { readonly metadata: { readonly annotations?: Record<string, string> } }
  }
  readonly status: Readonly<Record<string, number | undefined>>
}

export const isReady = ({ metadata, spec, status }: SeenWorkload): boolean =>
  status['observedGeneration'] === metadata['generation'] &&
  status['readyReplicas'] === spec.replicas

/** @param updated - how many pods a roll-out replaces; by default all */
export const isRolledOut = (workload: SeenWorkload, updated = workload.spec.replicas): boolean =>
  workload.status['updatedReplicas'] === updated &&
  workload.status['replicas'] === workload.spec.replicas &&
  isReady(workload)

/**
 * Waits until all pods of a Deployment are current and ready. A busy machine has as much longer as others take of it, unlike
 * with `kubectl rollout status`.
 */
export const untilRolledOut = (
  { cluster }: OpenNode,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  timeoutMs = 180_000,
): Promise<void> =>
  until(async () => {
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name } }
    return isRolledOut(expectSuccess(await cluster.get(object)).body as unknown as SeenWorkload)
  }, timeoutMs)

/**
 * Applies a Deployment whose pods can't be created, and expects that `kubectl describe` says all these words about its
 * ReplicaSet. The first attempts may fail for another reason: on a busy machine, a webhook may be late.
 */
export async function expectFailedCreate(
  t: Test,
  node: OpenNode,
  { deployment, words }: { readonly deployment: KubeObject; readonly words: readonly string[] },
): Promise<void> {
  await node.apply(deployment)
  const { namespace, name } = deployment.metadata
  const describe = () =>
    node.kubectl('describe', 'replicaset', `--namespace=${namespace}`, `--selector=app=${name}`)
  await untilSaid(t, describe, /Warning +FailedCreate/, ...words)
}

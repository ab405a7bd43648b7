import type { Test } from 'tap'
import type { KubeObject } from '../../client/api.ts'
import { until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import type { OpenNode } from './open-node.ts'
import { untilSaid } from './run-doctor.ts'

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

interface Rollout extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly generation: number }
  readonly spec: { readonly replicas: number }
  readonly status?: {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly availableReplicas?: number
  }
}

/**
 * Waits until all pods of a Deployment are current and available. A busy machine has as much longer as others take of it, unlike
 * with `kubectl rollout status`.
 */
export const untilRolledOut = (
  { cluster }: OpenNode,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  timeoutMs = 180_000,
): Promise<void> =>
  until(async () => {
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name } }
    const { body } = expectSuccess(await cluster.get(object))
    const { metadata, spec, status = {} } = body as KubeObject as Rollout
    const {
      observedGeneration = 0,
      replicas = 0,
      updatedReplicas = 0,
      availableReplicas = 0,
    } = status
    return (
      observedGeneration >= metadata.generation &&
      [replicas, updatedReplicas, availableReplicas].every((count) => count === spec.replicas)
    )
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

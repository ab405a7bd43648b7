import type { KubeObject } from '../../client/api.ts'
import { until } from '../../client/cluster.ts'
import { type OpenNode, podTimeoutMs } from './open-node.ts'

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

/** Returns the output of `kubectl describe` for a Deployment's ReplicaSet after it failed to create a pod. */
export async function describedReplicaSet(node: OpenNode, deployment: KubeObject): Promise<string> {
  await node.apply(deployment)
  const { namespace, name } = deployment.metadata
  const describe = () =>
    node.kubectl('describe', 'replicaset', `--namespace=${namespace}`, `--selector=app=${name}`)
  let described = ''
  await until(async () => {
    described = await describe()
    return /Warning +FailedCreate/.test(described)
  }, podTimeoutMs)
  return described
}

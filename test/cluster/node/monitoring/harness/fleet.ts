import type { KubeObject } from '../../../client/api.ts'
import { appPod } from '../../harness/app-pod.ts'
import { podWithChangedAgent } from '../../harness/changed-agent.ts'
import { deploymentOf } from '../../harness/deployments.ts'
import type { OpenNode } from '../../harness/open-node.ts'

export interface FleetOptions {
  readonly namespace: string
  readonly name: string
  readonly replicas: number
  readonly vault: string
  readonly secrets: string
}

/** A Deployment of injected pods that serve metrics. They refresh as often as an annotation can ask for. */
export const fleetOf = ({ namespace, name, replicas, ...objects }: FleetOptions): KubeObject =>
  replicated(appPod({ namespace, name, annotations: { ...objects, ...followed } }), {
    name,
    replicas,
  })

/** The same, but they refresh more often. */
export async function fastFleetOf(
  node: OpenNode,
  {
    namespace,
    name,
    replicas,
    refreshSeconds,
    ...objects
  }: FleetOptions & { readonly refreshSeconds: number },
): Promise<KubeObject> {
  const pod = await podWithChangedAgent(node, {
    ...{ namespace, name, annotations: { ...objects, ...followed } },
    config: () => ({ refreshSeconds }),
  })
  return replicated(pod, { name, replicas })
}

const followed = { refresh: '30s', metrics: '19980' }

function replicated(
  pod: KubeObject,
  { name, replicas }: Pick<FleetOptions, 'name' | 'replicas'>,
): KubeObject {
  const deployment = deploymentOf(pod, name)
  return { ...deployment, spec: { ...Object(deployment['spec']), replicas } }
}

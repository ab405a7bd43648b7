import { type AgentConfig, configVariable } from '../../../../delivery/contract.ts'
import type { KubeObject } from '../../client/api.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import type { Pod } from '../../client/pods.ts'
import { appPod } from './app-pod.ts'
import type { OpenNode } from './open-node.ts'

export interface ChangedAgentOptions {
  readonly namespace: string
  readonly name: string
  /** Without their prefix. */
  readonly annotations: Readonly<Record<string, string>>
  /** The members of the agent's configuration to replace. */
  readonly config?: (config: AgentConfig) => Partial<AgentConfig>
  /** More variables for the agent's container. */
  readonly env?: Readonly<Record<string, string>>
}

/**
 * The pod that the webhook makes of an annotated one, but with another configuration of the agent: the cloud of another
 * administrator, or a shorter interval than an annotation can ask for. The result has no annotations, because the webhook would
 * refuse an agent that isn't its own.
 */
export async function podWithChangedAgent(
  node: OpenNode,
  options: ChangedAgentOptions,
): Promise<KubeObject> {
  const { namespace, name, annotations, config = () => ({}), env = {} } = options
  const asked = appPod({
    namespace,
    name,
    annotations: { ...identity, ...annotations },
    labels: {},
  })
  const { body } = expectSuccess(await node.create(asked, { dryRun: true }))
  const { labels } = body.metadata
  const { initContainers = [], ...spec } = (body as Injected).spec
  const more = Object.entries(env).map(([variable, value]) => ({ name: variable, value }))
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      ...spec,
      initContainers: initContainers.map((agent) => ({
        ...agent,
        env: [...agent.env.map((entry) => changed(entry, config)), ...more],
      })),
    },
  }
}

type Injected = KubeObject & {
  readonly spec: Omit<Pod['spec'], 'initContainers'> & {
    readonly initContainers?: readonly { readonly env: readonly Variable[] }[]
  }
}

interface Variable {
  readonly name: string
  readonly value?: string
}

function changed(entry: Variable, config: (config: AgentConfig) => Partial<AgentConfig>): Variable {
  if (entry.name !== configVariable) return entry
  const before = JSON.parse(entry.value ?? '') as AgentConfig
  // The kubelet would expand `$(NAME)`; nothing in these tests contains a "$".
  return { ...entry, value: JSON.stringify({ ...before, ...config(before) }) }
}

/** In annotations, so that the pod needs no label of azure-workload-identity. */
const identity = {
  'client-id': '22222222-2222-2222-2222-222222222222',
  'tenant-id': '11111111-1111-1111-1111-111111111111',
}

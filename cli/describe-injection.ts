import { type AgentConfig, configVariable, decodeConfig } from '../init-agent/contract.ts'
import type { ObjectReference } from '../keyvault/reference.ts'
import { agentName, filesVolume } from '../webhook/core/names.ts'
import type { Container, Pod } from '../webhook/core/pod.ts'

/** The agent's container in an injected pod, and what it is told. */
export function findAgent({ spec }: Pod): { container: Container; config: AgentConfig } {
  const container = spec.initContainers?.find(({ name }) => name === agentName)
  const text = container?.env?.find(({ name }) => name === configVariable)?.value
  const config = decodeConfig(text ?? '')
  if (container === undefined || 'problem' in config)
    throw new Error('the pod holds no agent: the webhook said that it was injected')
  return { container, config: config.value }
}

/** An injected pod in words, a line each: who sees what, and where it comes from. */
export function describeInjection(pod: Pod): readonly string[] {
  const { config } = findAgent(pod)
  const { files, env, containers, refreshSeconds, fileMode } = config
  const folder = mountPath(pod)
  return [
    row(
      'agent',
      refreshSeconds > 0
        ? `native sidecar, refreshes every ${refreshSeconds} s`
        : 'init container, fetches once',
    ),
    row('seen by', containers.join(', ')),
    ...files.map(({ path, object, optional }) =>
      row(
        'file',
        `${folder}/${path} (${fileMode}) from ${nameOf(object)}${optional ? ', if there' : ''}`,
      ),
    ),
    ...env.map(({ variable, object, optional }) =>
      row('variable', `${variable} from ${nameOf(object)}${optional ? ', if there' : ''}`),
    ),
  ]
}

const row = (label: string, text: string): string => `${label.padEnd(9)} ${text}`

function nameOf({ vault, name, version }: ObjectReference): string {
  return `${vault}:${name}${version === undefined ? '' : `@${version}`}`
}

function mountPath({ spec }: Pod): string {
  const mounts = [...spec.containers, ...(spec.initContainers ?? [])]
    .filter(({ name }) => name !== agentName)
    .flatMap(({ volumeMounts }) => volumeMounts ?? [])
  return mounts.find(({ name }) => name === filesVolume)?.mountPath ?? ''
}

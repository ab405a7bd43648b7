import { type AgentConfig, configVariable } from '../../../delivery/contract.ts'
import { decodeConfig } from '../../../delivery/decode-config.ts'
import { agentName } from './our-names.ts'
import type { Container, Pod } from './pod.ts'

/**
 * The configuration that an earlier review gave to the agent. Some of it was chosen from a state of the pod that other
 * webhooks may have changed since. The choices stay, so that a second review recognises the result of the first, and
 * containers that were added in between receive nothing.
 *
 * @param existing - the agent's container, if the pod has it already
 */
export function earlierChoices(existing?: Container): AgentConfig | undefined {
  const encoded = encodedConfigOf(existing)
  const decoded = encoded === undefined ? undefined : decodeConfig(encoded)
  return decoded !== undefined && decoded.kind === 'valid' ? decoded.value : undefined
}

/** The defaults that an earlier review stored with a pod. Undefined if none has injected it. */
export function storedDefaults({ spec }: Pod): AgentConfig['defaults'] {
  const earlier = earlierChoices(spec.initContainers?.find(({ name }) => name === agentName))
  return earlier && (earlier.defaults ?? {})
}

/** The configuration in a container's environment. Several entries count as none: the kubelet would use the last. */
export function encodedConfigOf(container?: Container): string | undefined {
  const entries = container?.env?.filter(({ name }) => name === configVariable) ?? []
  return entries.length === 1 ? (entries[0]?.value ?? undefined) : undefined
}

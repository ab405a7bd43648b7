import type { AgentConfig } from '../../../delivery/contract.ts'
import { printable } from '../../../lib/printable.ts'
import { type Problem, plainProblem } from '../../../lib/problems/problem.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { annotationPrefix, ownPath } from '../../../requests/annotations/keys/own-annotations.ts'
import type { PodSettings } from '../../../requests/annotations/pod-settings.ts'
import { agentName, metricsPortName } from '../model/our-names.ts'
import { allContainers, type ContainerPort, type Pod } from '../model/pod.ts'

/** The port at which a refreshing agent serves metrics, if it does. */
interface MetricsPort {
  readonly port?: number
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/**
 * The port of the annotation, else the one that an earlier review chose, else the administrator's default.
 *
 * The agent listens before the other containers start, so a port that one of them needs is refused. The administrator's default
 * must not stop a pod that didn't ask for metrics, so there it yields. It doesn't apply to pods in the node's network, where
 * it would be taken by the first pod.
 */
export function chooseMetricsPort(
  pod: Pod,
  context: {
    readonly settings: PodSettings
    readonly policy: Policy
    readonly earlier?: AgentConfig
  },
): MetricsPort {
  const { settings, policy, earlier } = context
  const isAsked = settings.metrics !== undefined
  if (!isAsked && earlier !== undefined)
    return { ...(earlier.metricsPort && { port: earlier.metricsPort }), ...fine }
  const port = settings.metrics ?? defaultPort(pod, policy)
  if (port === 0) return fine
  const conflict = portConflict(pod, port, settings.notify)
  if (conflict === undefined) return { port, ...fine }
  const path = ownPath('metrics')
  if (isAsked) return { ...fine, problems: [{ path, found: String(port), sentence: conflict }] }
  const warning = `the agent serves no metrics at the administrator's port ${port}: ${conflict}; see ${annotationPrefix}metrics`
  return { ...fine, warnings: [plainProblem(warning)] }
}

const fine = { problems: [], warnings: [] } as const

const defaultPort = ({ spec }: Pod, { metricsPort }: Policy): number =>
  spec.hostNetwork === true ? 0 : metricsPort

/** Says why the agent can't listen at a port, or undefined if it can, as far as the pod shows. */
function portConflict(pod: Pod, port: number, notify?: string): string | undefined {
  if (notify !== undefined && new URL(notify).port === String(port))
    return `the application listens at this port, according to ${annotationPrefix}notify; choose another one`
  for (const { name, ports } of allContainers(pod)) {
    if (name === agentName) continue
    const found = ports?.find((used) => isTaken(used, port) || used.name === metricsPortName)
    if (found === undefined) continue
    const container = `container ${printable(name)}`
    return isTaken(found, port)
      ? `${container} declares this port; choose another one`
      : `${container} has a port named ${metricsPortName}, the name of the agent's port; rename it`
  }
  return undefined
}

/** Ports of different protocols don't conflict. */
const isTaken = ({ containerPort, protocol }: ContainerPort, port: number): boolean =>
  containerPort === port && (protocol ?? 'TCP') === 'TCP'

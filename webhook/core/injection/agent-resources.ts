import { type AgentConfig, worksBetweenRefreshes } from '../../../delivery/contract.ts'
import { type Problem, plainProblem } from '../../../lib/problems/problem.ts'
import type { Amounts } from '../../../lib/values/quantity.ts'
import { isSameQuantity, parseQuantity, resourceNames } from '../../../lib/values/quantity.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { annotationPrefix, ownPath } from '../../../requests/annotations/keys/own-annotations.ts'
import type { PodSettings } from '../../../requests/annotations/pod-settings.ts'
import { agentName } from '../model/our-names.ts'
import { allContainers, type Container, type Pod } from '../model/pod.ts'

/** Node needs this much to start within two seconds. With less, it takes half a minute. */
const minCpuLimit = '250m'
/** The peak of a process with fifty objects. */
const enoughMemory = '96Mi'
/** What an agent holds that works between refreshes, with room. The default request is for one that only waits. */
const workingMemory = '24Mi'

type Kind = 'requests' | 'limits'

/**
 * What the agent gets of a resource if the pod's other containers all set it, and neither the pod nor the administrator
 * does so for the agent. It uses ephemeral storage only for its log, because its volumes are in memory: the kubelet keeps
 * five files of 10 MiB by default and checks their size every ten seconds. The limit leaves room for nodes that rotate
 * later, because a container above its limit gets the whole pod evicted.
 */
const fallback: Readonly<Record<Kind, Amounts>> = {
  limits: { cpu: minCpuLimit, memory: '160Mi', 'ephemeral-storage': '128Mi' },
  requests: { cpu: '10m', memory: '16Mi', 'ephemeral-storage': '16Mi' },
}

export interface AgentResources {
  readonly requests: Amounts
  readonly limits: Amounts
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/**
 * The agent's requests and limits, which keep the pod valid, within the policies and quotas that it kept, and in its
 * quality-of-service class:
 *
 * - enough memory for what the agent holds between refreshes, unless the pod chooses its requests
 * - a request or a limit of each resource for which all other containers have one, because a quota on `limits.cpu`, or a
 *   policy, requires one of every container
 * - requests of CPU and memory equal to limits if all other containers are Guaranteed
 * - no resource that the pod sets as a whole, because the sum of the containers may not exceed it
 */
export function agentResources(
  pod: Pod,
  settings: PodSettings,
  { config, policy }: { readonly config: AgentConfig; readonly policy: Policy },
): AgentResources {
  const others = allContainers(pod).filter(({ name }) => name !== agentName)
  const limits = { ...(settings['agent-limits'] ?? policy.agentLimits) }
  const requests = {
    ...(settings['agent-requests'] ?? enoughToRest(policy.agentRequests, { config, limits })),
  }
  const warnings = settings['agent-limits'] === undefined ? [] : lowLimitWarnings(limits)
  addWhatAllOthersSet({ requests, limits }, { others, policy })
  if (limits['cpu'] !== undefined && isLess(limits['cpu'], minCpuLimit)) limits['cpu'] = minCpuLimit
  const problems = excessProblems(requests, limits)

  if (others.every(isGuaranteed))
    for (const resource of guaranteedResources)
      if (limits[resource] !== undefined) requests[resource] = limits[resource]

  for (const resource of resourceNames) {
    if (!isSetForPod(pod, resource)) continue
    const isAsked = settings['agent-requests']?.[resource] ?? settings['agent-limits']?.[resource]
    if (isAsked !== undefined)
      warnings.push(
        plainProblem(
          `${resource} is not set for the agent, because spec.resources sets it for the whole pod`,
        ),
      )
    delete requests[resource]
    delete limits[resource]
  }
  return { requests, limits, problems, warnings }
}

/** The administrator's requests, but with at least what the agent holds between refreshes, if the limit allows that. */
function enoughToRest(
  requests: Amounts,
  { config, limits }: { readonly config: AgentConfig; readonly limits: Amounts },
): Amounts {
  if (config.refreshSeconds === 0 || !worksBetweenRefreshes(config)) return requests
  const { memory } = requests
  const isEnough = memory === undefined || !isLess(memory, workingMemory)
  const isForbidden = isLess(limits['memory'] ?? workingMemory, workingMemory)
  return isEnough || isForbidden ? requests : { ...requests, memory: workingMemory }
}

/** Limits first: an added limit isn't below the agent's request, and an added request isn't above its limit. */
function addWhatAllOthersSet(
  { requests, limits }: Record<Kind, Record<string, string>>,
  { others, policy }: { readonly others: readonly Container[]; readonly policy: Policy },
): void {
  for (const resource of resourceNames) {
    const allOthersSet = (kind: Kind) =>
      others.every(({ resources }) => resources?.[kind]?.[resource] !== undefined)
    if (allOthersSet('limits'))
      limits[resource] ??= larger(
        requests[resource],
        policy.agentLimits[resource] ?? (fallback.limits[resource] as string),
      )
    if (allOthersSet('requests'))
      requests[resource] ??= smaller(
        limits[resource],
        policy.agentRequests[resource] ?? (fallback.requests[resource] as string),
      )
  }
}

function lowLimitWarnings({ cpu, memory }: Amounts): Problem[] {
  const warnings: string[] = []
  if (cpu !== undefined && isLess(cpu, minCpuLimit))
    warnings.push(
      `a CPU limit of ${cpu} is raised to ${minCpuLimit}, the least that the agent needs`,
    )
  if (memory !== undefined && isLess(memory, enoughMemory))
    warnings.push(
      `a memory limit of ${memory} may be too low for the agent; use at least ${enoughMemory}`,
    )
  return warnings.map((sentence) => plainProblem(sentence))
}

/** A pod's quality-of-service class doesn't depend on ephemeral storage. */
const guaranteedResources = ['cpu', 'memory']

/** Kubernetes' rule for one container: limits on CPU and memory, and requests that equal them or default to them. */
function isGuaranteed({ resources }: Container): boolean {
  return guaranteedResources.every((resource) => {
    const limit = resources?.limits?.[resource]
    return (
      limit !== undefined &&
      parseQuantity(limit) !== 0 &&
      isSameQuantity(resources?.requests?.[resource] ?? limit, limit)
    )
  })
}

function isSetForPod({ spec }: Pod, resource: string): boolean {
  const { requests, limits } = spec.resources ?? {}
  return [requests, limits].some((amounts) => amounts && Object.hasOwn(amounts, resource))
}

/** The API server refuses a container that requests more than its limit. */
function excessProblems(requests: Amounts, limits: Amounts): readonly Problem[] {
  return Object.entries(requests).flatMap(([resource, request]) => {
    const limit = limits[resource]
    return limit !== undefined && isLess(limit, request)
      ? [
          {
            path: ownPath('agent-requests'),
            found: `${resource}=${request}`,
            sentence: `is more than the limit of ${resource}=${limit}; set ${annotationPrefix}agent-limits too`,
          },
        ]
      : []
  })
}

const larger = (a: string | undefined, b: string): string =>
  a === undefined || isLess(a, b) ? b : a

const smaller = (a: string | undefined, b: string): string =>
  a === undefined || isLess(b, a) ? b : a

const isLess = (a: string, b: string): boolean => (parseQuantity(a) ?? 0) < (parseQuantity(b) ?? 0)

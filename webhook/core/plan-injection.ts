import { type AgentConfig, encodeConfig, hasFiles } from '../../delivery/contract.ts'
import type { Problem } from '../../lib/problems/problem.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import {
  agentConfig,
  type FirstFetchTime,
  firstFetchTime,
} from '../../requests/annotations/agent-config.ts'
import type { PodRequest } from '../../requests/annotations/read-pod-annotations.ts'
import { findExposures } from './checks/exposed-agent.ts'
import { planProblems } from './checks/plan-problems.ts'
import { planWarnings } from './checks/plan-warnings.ts'
import { agentContainer } from './injection/agent-container.ts'
import { agentResources } from './injection/agent-resources.ts'
import { agentUser, findWatchers } from './injection/agent-user.ts'
import { chooseMetricsPort } from './injection/metrics-port.ts'
import {
  defaultConsumers,
  findConsumers,
  findPlacement,
  noConsumer,
  placedContainers,
} from './injection/placement.ts'
import type { Plan } from './injection/plan.ts'
import { findServedMounts } from './injection/served-volumes.ts'
import { wantedVolumes } from './injection/volumes.ts'
import { earlierChoices } from './model/earlier-choices.ts'
import { defaultMountPath } from './model/our-names.ts'
import { isKata, type Pod } from './model/pod.ts'

/** A plan, the problems that forbid to carry it out, and warnings that don't. */
interface PlannedInjection {
  readonly plan: Plan
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Plans the injection of a pod, as far as its annotations could be read. */
export function planInjection(pod: Pod, request: PodRequest, policy: Policy): PlannedInjection {
  const { placement, problems: misplaced } = findPlacement(pod.spec, request.position)
  const { config, consumers, metrics, ...chosen } = chooseConfig(pod, request, {
    policy,
    placement,
  })

  const encodedConfig = encodeConfig(config)
  const resources = agentResources(pod, request, { config, policy })
  const runAs = agentUser(pod, {
    ...(request['run-as'] && { runAs: request['run-as'] }),
    ...(placement.existing && { existing: placement.existing }),
    isSeen: findWatchers(pod, { placement, config }).length > 0,
  })
  const agent = agentContainer({
    ...{ config, encodedConfig, runAs, resources, policy },
    isInNodeNetwork: pod.spec.hostNetwork === true,
  })
  const exposure = {
    containers: findExposures(pod, { placement, config }, runAs.uid),
    isAllowed: policy.allowExposedAgents,
  }
  const plan: Plan = {
    ...placeVolumes(pod, { request, config, placement, policy }),
    ...{ config, placement, consumers, agent, exposure },
    versionLabel: policy.versionLabel,
    agentUid: runAs.uid,
  }
  return {
    plan,
    problems: [
      ...misplaced,
      ...chosen.problems,
      ...metrics.problems,
      ...resources.problems,
      ...planProblems(pod, plan, encodedConfig),
    ],
    warnings: [...resources.warnings, ...metrics.warnings, ...planWarnings(pod, plan, request)],
  }
}

/** The volumes, where they are mounted, and the containers that wait for them. */
function placeVolumes(
  { spec }: Pod,
  chosen: Pick<Plan, 'config' | 'placement'> & {
    readonly request: PodRequest
    readonly policy: Policy
  },
): Pick<Plan, 'gated' | 'mountPath' | 'volumes' | 'servedMounts' | 'sizeLimit'> {
  const { config, placement, request, policy } = chosen
  const served = new Set(config.volumes?.map(({ name }) => name))
  return {
    gated: config.opensGate
      ? placedContainers(spec, placement).filter(({ isEarly }) => !isEarly)
      : [],
    mountPath: request['mount-path'] ?? defaultMountPath,
    volumes: wantedVolumes(config, policy.volumeSizeLimit),
    servedMounts: findServedMounts(spec, placement, served),
    sizeLimit: policy.volumeSizeLimit,
  }
}

/** What the pod doesn't ask for is as an earlier review chose it, else it follows from the pod. */
function chooseConfig(
  pod: Pod,
  request: PodRequest,
  { policy, placement }: { readonly policy: Policy; readonly placement: Plan['placement'] },
) {
  const earlier = earlierChoices(placement.existing)
  const hasOwnObjects = hasFiles(request) || request.env.length > 0
  const names =
    request.containers ??
    earlier?.containers ??
    (hasOwnObjects ? defaultConsumers(pod.spec, placement) : [])
  const containers = [...new Set(names)]
  const isRefreshing = (request.refresh ?? 0) > 0
  const metrics = isRefreshing
    ? chooseMetricsPort(pod, { settings: request, policy, ...(earlier && { earlier }) })
    : { port: undefined, problems: [], warnings: [] }
  const opensGate = policy.fastStart && isRefreshing && !isKata(pod)
  const config = agentConfig(request, policy, {
    // A pod that was injected with a startup probe keeps it.
    ...(opensGate && (earlier === undefined || earlier.opensGate) && { opensGate }),
    ...(metrics.port !== undefined && { metricsPort: metrics.port }),
    containers,
    // The default was another one in earlier versions.
    ...(request.timeout === undefined && earlier ? earlierTime(earlier) : firstFetchTime(request)),
    fileMode: request['file-mode'] ?? earlier?.fileMode ?? defaultFileMode(pod),
  })
  const { consumers, problems } = findConsumers(pod.spec, containers, placement)
  return {
    config,
    consumers,
    metrics,
    problems: [...problems, ...(hasOwnObjects ? noConsumer(containers) : [])],
  }
}

const earlierTime = ({ timeoutSeconds, outlastsOutages }: AgentConfig): FirstFetchTime => ({
  timeoutSeconds,
  ...(outlastsOutages && { outlastsOutages }),
})

/** With `fsGroup` the files belong to that group, and the containers are in it, so others need not read them. */
function defaultFileMode({ spec }: Pod): string {
  return spec.securityContext?.fsGroup == null ? '0444' : '0440'
}

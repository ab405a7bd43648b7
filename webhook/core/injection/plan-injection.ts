import {
  type AgentConfig,
  configVariable,
  decodeConfig,
  encodeConfig,
  maxConfigBytes,
} from '../../../init-agent/contract.ts'
import type { Problem } from '../../../lib/problem.ts'
import { agentConfig } from '../annotations/agent-config.ts'
import type { Request } from '../annotations/read-pod-annotations.ts'
import { agentName, defaultMountPath } from '../names.ts'
import type { Container, Pod, Volume } from '../pod.ts'
import type { Policy } from '../policy.ts'
import { agentContainer, agentUser, isAgentSeen } from './agent-container.ts'
import { agentResources } from './agent-resources.ts'
import { conflicts } from './conflicts.ts'
import { patchProblems } from './patch-size.ts'
import {
  type Consumer,
  defaultConsumers,
  findConsumers,
  findPlace,
  type Place,
} from './placement.ts'
import { wantedVolumes } from './volumes.ts'
import { planWarnings } from './warnings.ts'

/** Everything the pod shall have in the end, whatever of it is there already. */
export interface Plan {
  readonly config: AgentConfig
  readonly agent: Container
  readonly place: Place
  readonly consumers: readonly Consumer[]
  readonly mountPath: string
  readonly volumes: readonly Volume[]
}

/**
 * Plans the injection of a pod.
 *
 * @returns the plan with its warnings, and what stands against it; with problems the plan is not to be carried out
 */
export function planInjection(
  pod: Pod,
  request: Request,
  policy: Policy,
): {
  readonly plan: Plan
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
} {
  const { place, problems: misplaced } = findPlace(pod.spec, request.position)
  const standing = standingChoices(place.existing)
  const names = [
    ...new Set(request.containers ?? standing?.containers ?? defaultConsumers(pod.spec, place)),
  ]
  const { consumers, problems: unknown } = findConsumers(pod.spec, names, place)

  const config = agentConfig(request, policy, {
    containers: names,
    fileMode: request['file-mode'] ?? standing?.fileMode ?? defaultFileMode(pod),
  })
  const encodedConfig = encodeConfig(config)
  const resources = agentResources(pod, request, policy)
  const runAs = agentUser(pod, {
    ...(request['run-as'] && { asked: request['run-as'] }),
    isSeen: isAgentSeen(pod, config),
  })
  const plan = {
    config,
    agent: agentContainer({ config, encodedConfig, runAs, resources, policy }),
    place,
    consumers,
    mountPath: request['mount-path'] ?? defaultMountPath,
    volumes: wantedVolumes(config, policy.volumeSizeLimit),
  }
  const excess = [...configProblems(encodedConfig), ...patchProblems(plan)]
  return {
    plan,
    problems: [
      ...misplaced,
      ...unknown,
      ...foreignAgent(plan, encodedConfig),
      ...excess,
      ...resources.problems,
      // What is too much to be carried out is too much to be compared, too.
      ...(excess.length > 0 ? [] : conflicts(pod, plan)),
    ],
    warnings: [...resources.warnings, ...planWarnings(pod, plan, { asked: request, runAs })],
  }
}

/**
 * What an earlier call chose from a state of the pod that other webhooks may have changed since. It stands, so that
 * the second call finds its own work again, and containers that came later get nothing.
 */
function standingChoices(existing?: Container) {
  const config = configOf(existing)
  const decoded = config === undefined ? undefined : decodeConfig(config)
  return decoded !== undefined && 'value' in decoded ? decoded.value : undefined
}

/** The one entry of this name: of several the kubelet would take the last. */
function configOf(container?: Container): string | undefined {
  const entries = container?.env?.filter(({ name }) => name === configVariable) ?? []
  return entries.length === 1 ? (entries[0]?.value ?? undefined) : undefined
}

function foreignAgent({ place, agent }: Plan, encodedConfig: string): readonly Problem[] {
  const { existing } = place
  if (existing === undefined) return []
  const isCovered = existing.volumeMounts?.some((mount) =>
    agent.volumeMounts?.some((own) => own.mountPath === mount.mountPath && own.name !== mount.name),
  )
  if (configOf(existing) === encodedConfig && !isCovered) return []
  return [
    {
      subject: `init container ${agentName}`,
      sentence: `is there already, and is not as these annotations and the operator's settings ask for (${configVariable}, mounts); remove it, the webhook adds its own. If you did not add it the settings have just changed: try again`,
    },
  ]
}

function configProblems(encodedConfig: string): readonly Problem[] {
  const bytes = new TextEncoder().encode(encodedConfig).length
  return bytes <= maxConfigBytes
    ? []
    : [
        {
          subject: 'the configuration of the agent',
          found: `${bytes} bytes`,
          sentence: `is larger than ${maxConfigBytes} bytes, which an environment variable can carry; name fewer objects or shorter paths`,
        },
      ]
}

/** With `fsGroup` the files belong to that group, which the containers are in: nobody else needs to read them. */
function defaultFileMode({ spec }: Pod): string {
  return spec.securityContext?.fsGroup == null ? '0444' : '0440'
}

import { configVariable, maxConfigBytes } from '../../../delivery/contract.ts'
import type { Problem } from '../../../lib/problems/problem.ts'
import { annotationPrefix, ownPath } from '../../../requests/annotations/keys/own-annotations.ts'
import type { Plan } from '../injection/plan.ts'
import { encodedConfigOf } from '../model/earlier-choices.ts'
import { agentName } from '../model/our-names.ts'
import type { Pod } from '../model/pod.ts'
import { conflicts } from './conflicts.ts'
import { patchProblems } from './patch-size.ts'

/** Every reason not to carry out the plan. */
export function planProblems(pod: Pod, plan: Plan, encodedConfig: string): readonly Problem[] {
  const tooLarge = [...configProblems(encodedConfig), ...patchProblems(plan, encodedConfig)]
  return [
    ...foreignAgent(plan, encodedConfig),
    ...staleAfterProblems(plan),
    ...tooLarge,
    // A plan that is too large to be carried out is too large to be compared with the pod, too.
    ...(tooLarge.length > 0 ? [] : conflicts(pod, plan)),
  ]
}

/** The agent is ours if it has exactly the configuration that we would give it, and our mounts are not covered. */
function foreignAgent(
  { placement, agent, config }: Plan,
  encodedConfig: string,
): readonly Problem[] {
  const { existing } = placement
  if (existing === undefined) return []
  const isCovered = existing.volumeMounts?.some((mount) =>
    agent.volumeMounts?.some(
      (agentMount) => agentMount.mountPath === mount.mountPath && agentMount.name !== mount.name,
    ),
  )
  if (encodedConfigOf(existing) === encodedConfig && !isCovered) return []
  const differs = `already exists, but its ${configVariable} or its mounts differ from what`
  return [
    {
      path: ['spec', 'initContainers', placement.index],
      subject: `init container ${agentName}`,
      sentence:
        config.volumes === undefined
          ? `${differs} these annotations and the administrator's settings require; remove it, because the webhook adds its own. If you did not add it, the settings have just changed: try again`
          : `${differs} the pod's annotations, its SecretProviderClasses and the administrator's settings require. If one of these has just changed, try again. If this is a copy of a running pod, use the original manifest, whose volumes are still of the CSI driver`,
    },
  ]
}

/** After a single failure, a pod must not become unready: the next refresh may succeed. */
function staleAfterProblems({ config }: Plan): readonly Problem[] {
  const { staleAfterSeconds, refreshSeconds } = config
  return staleAfterSeconds === undefined || staleAfterSeconds >= 2 * refreshSeconds
    ? []
    : [
        {
          path: ownPath('stale-after'),
          found: `${staleAfterSeconds}s`,
          sentence: `expected at least ${2 * refreshSeconds}s, twice the interval of ${annotationPrefix}refresh`,
        },
      ]
}

function configProblems(encodedConfig: string): readonly Problem[] {
  // UTF-8 takes at most three bytes for a character of a string.
  if (3 * encodedConfig.length <= maxConfigBytes) return []
  const bytes = new TextEncoder().encode(encodedConfig).length
  return bytes <= maxConfigBytes
    ? []
    : [
        {
          path: [],
          subject: 'the configuration of the agent',
          found: `${bytes} bytes`,
          sentence: `accepted: at most ${maxConfigBytes} bytes, because it is an environment variable of the agent; name fewer objects or shorter paths`,
        },
      ]
}

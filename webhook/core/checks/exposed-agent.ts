import { printable } from '../../../lib/printable.ts'
import type { Problem } from '../../../lib/problems/problem.ts'
import { effectiveUid, findWatchers, sharedBy } from '../injection/agent-user.ts'
import type { Exposure, Plan } from '../injection/plan.ts'
import { type Container, containerPath, type Pod } from '../model/pod.ts'

/** The API server's largest user. */
const maxUid = 2 ** 31 - 1
/** Pod Security `restricted` allows the same. */
const harmlessCapability = 'NET_BIND_SERVICE'

/**
 * The containers that could read the memory and the token of an agent whose process they see. The kernel lets a process do that
 * if it has the same user, or `CAP_SYS_PTRACE` (ptrace(2), "Ptrace access mode checking"). So a container must stay another
 * user (docs/specification.md, "Security context of the agent").
 */
export function findExposures(
  pod: Pod,
  plan: Pick<Plan, 'placement' | 'config'>,
  agentUid: number,
): readonly Exposure[] {
  return findWatchers(pod, plan).flatMap((container) => {
    const found = [
      ...userFindings(effectiveUid(pod, container), agentUid),
      ...privilegeFindings(container),
    ]
    return found.length === 0 ? [] : [{ container, reason: found.join(' and ') }]
  })
}

/** Root has the capability to become any user. An image may choose root, and any other user, too. */
function userFindings(uid: number | undefined, agentUid: number): readonly string[] {
  if (uid === undefined) return ["runAsUser isn't set"]
  if (uid === agentUid) return [`runAsUser is ${uid}, the agent's user`]
  return Number.isInteger(uid) && uid > 0 && uid <= maxUid ? [] : [`runAsUser is ${uid}`]
}

/**
 * A program with the setuid bit, which any image may contain, runs as its owner: root, or the agent's user.
 * `allowPrivilegeEscalation: false` takes its effect away (`no_new_privs`), and that of file capabilities. Capabilities that are added
 * have no effect then, because no runtime makes them ambient, but one could.
 */
function privilegeFindings({ securityContext }: Container): readonly string[] {
  const { privileged, allowPrivilegeEscalation, capabilities } = securityContext ?? {}
  const added = (capabilities?.add ?? []).filter((name) => name !== harmlessCapability)
  return [
    ...(privileged === true ? ['privileged is true'] : []),
    ...(allowPrivilegeEscalation === false ? [] : ["allowPrivilegeEscalation isn't false"]),
    ...(added.length > 0
      ? [`capabilities.add has ${printable(added.slice(0, 9).join(', '))}`]
      : []),
  ]
}

/** The problems of containers that could become the agent, if the administrator doesn't allow that. */
export function* exposureProblems(pod: Pod, { exposure, agentUid }: Plan): Generator<Problem> {
  if (exposure.isAllowed) return
  for (const { container, reason } of exposure.containers)
    yield {
      path: [...containerPath(pod, container), 'securityContext'],
      subject: `container ${printable(container.name)}`,
      sentence: `${reason}, so it could take over the agent, whose process it sees (${sharedBy(pod)}), and read the token that the agent signs in with; accepted: a runAsUser that is neither 0 nor ${agentUid}, allowPrivilegeEscalation: false, and no capabilities.add except ${harmlessCapability}. Set these in the container's securityContext, remove ${sharedBy(pod)}, or ask the administrator to allow such pods (AKV_INJECTOR_ALLOW_EXPOSED_AGENTS)`,
    }
}

/** The warnings about such containers if the administrator allows them. */
export const exposureWarnings = ({ exposure, agentUid }: Plan): readonly string[] =>
  exposure.isAllowed
    ? exposure.containers.map(
        ({ container }) =>
          `container ${printable(container.name)} sees the agent's process and could take over the agent, which runs as user ${agentUid}, and read the token that it signs in with`,
      )
    : []

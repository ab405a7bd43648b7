import type { AgentConfig } from '../../../delivery/contract.ts'
import type { RunAs } from '../../../requests/annotations/pod-settings.ts'
import type { Container, Pod } from '../model/pod.ts'
import { type Placement, placedContainers } from './placement.ts'

/** The user if the pod sets none: the image's own, the customary "nonroot". Other images use it, too. */
const imageUid = 65532
/**
 * The user of an agent whose process other containers can see. It must not be the user of another image by chance: people and
 * images get users below 60001, systemd gives its own users 60001 to 60705 and 61184 to 65519, and above these are
 * "nonroot", "nobody" and the pause container. A user namespace maps the first 65536 users only.
 */
const ownUid = 61037

/**
 * The user that the agent runs as: the one that an earlier review gave it, the one of `run-as`, else the one that all
 * containers or the pod set. It is root only if `run-as` says so. Through `/proc`, a process can read the memory of other
 * processes of its user, so an agent that other containers can see has a user of its own (docs/specification.md, "Security
 * context of the agent").
 */
export function agentUser(
  pod: Pod,
  choice: { readonly runAs?: RunAs; readonly isSeen: boolean; readonly existing?: Container },
): RunAs {
  const { runAs, isSeen, existing } = choice
  // Another webhook may have removed the security context, which is then restored.
  if (existing?.securityContext != null) return { uid: effectiveUid(pod, existing) ?? imageUid }
  if (runAs !== undefined) return runAs
  if (isSeen) return { uid: ownUid }
  const podUid = pod.spec.securityContext?.runAsUser
  const uids = new Set(pod.spec.containers.map((container) => effectiveUid(pod, container)))
  const [uid] = uids
  const shared = uids.size === 1 ? uid : podUid
  return { uid: typeof shared === 'number' && shared > 0 ? shared : imageUid }
}

/** The user that a container runs as, if the pod says so. Otherwise the image decides. */
export const effectiveUid = ({ spec }: Pod, { securityContext }: Container): number | undefined =>
  securityContext?.runAsUser ?? spec.securityContext?.runAsUser ?? undefined

/** The field that makes all containers of the pod see each other's processes. */
export function sharedBy({ spec }: Pod): 'hostPID' | 'shareProcessNamespace' | undefined {
  if (spec.hostPID === true) return 'hostPID'
  return spec.shareProcessNamespace === true ? 'shareProcessNamespace' : undefined
}

/**
 * The containers that see the agent's process, because they run at the same time. A refreshing agent runs until the pod ends;
 * any other is done before the next container starts. Of the containers before the agent, only sidecars still run.
 */
export function findWatchers(
  pod: Pod,
  { placement, config }: { readonly placement: Placement; readonly config: AgentConfig },
): readonly Container[] {
  if (sharedBy(pod) === undefined) return []
  const isSidecar = (container?: Container) => container?.restartPolicy === 'Always'
  // The kubelet starts an agent again and again that the pod's author made a sidecar.
  const staysOn = config.refreshSeconds > 0 || isSidecar(placement.existing)
  return placedContainers(pod.spec, placement)
    .filter(({ container, isEarly }) => (isEarly ? isSidecar(container) : staysOn))
    .map(({ container }) => container)
}

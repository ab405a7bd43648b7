import { type AgentConfig, hasFiles } from '../../../delivery/contract.ts'
import { printable } from '../../../lib/printable.ts'
import { type Problem, plainProblem } from '../../../lib/problems/problem.ts'
import { annotationPrefix, ownPath } from '../../../requests/annotations/keys/own-annotations.ts'
import type { PodSettings } from '../../../requests/annotations/pod-settings.ts'
import { optionalWarnings } from '../csi/optional-files.ts'
import { injectorOf } from '../injection/injected-containers.ts'
import { type Consumer, injectedContainers } from '../injection/placement.ts'
import type { Plan } from '../injection/plan.ts'
import type { Pod } from '../model/pod.ts'
import { isOnVirtualNode } from '../model/virtual-node.ts'
import { usesWorkloadIdentity, workloadIdentityLabel } from '../model/workload-identity.ts'
import { exposureWarnings } from './exposed-agent.ts'
import { earlyServedWarnings } from './mount-conflicts.ts'

/** Warnings of a plan that may not do what the pod's author expects. */
export function planWarnings(pod: Pod, plan: Plan, settings: PodSettings): readonly Problem[] {
  const sentences = [
    ...leftOutWarnings(pod, plan, settings),
    ...earlyWarnings(plan),
    ...earlyServedWarnings(plan),
    ...modeWarnings(pod, plan),
    ...exposureWarnings(plan),
    ...restartWarnings(pod, plan),
    ...identityWarnings(pod, plan),
    ...(isOnVirtualNode(pod) ? [virtualNode] : []),
  ]
  return [
    ...idleWarnings(settings, plan),
    ...optionalWarnings(plan.config, settings['optional-objects']),
    ...sentences.map((sentence) => plainProblem(sentence)),
  ]
}

/** Annotations that have no effect. */
function idleWarnings(settings: PodSettings, { config }: Plan): readonly Problem[] {
  const idle = (keys: readonly (keyof PodSettings)[], without: string) =>
    keys
      .filter((key) => settings[key] !== undefined)
      .map((key) =>
        plainProblem(`${annotationPrefix}${key} has no effect without ${without}`, ownPath(key)),
      )
  return [
    ...(config.refreshSeconds > 0
      ? []
      : idle(
          ['notify', 'on-deleted', 'metrics', 'stale-after', 'refresh-now'],
          `${annotationPrefix}refresh`,
        )),
    ...(hasFiles(config) ? [] : idle(['mount-path', 'file-mode'], 'files')),
    ...(settings['on-change'] === 'rollout-env' && config.env.length === 0
      ? idle(['on-change'], `variables in ${annotationPrefix}env, unless it is "rollout"`)
      : []),
    ...(hasOwnObjects(config)
      ? []
      : idle(['containers'], `objects in ${annotationPrefix}secrets or ${annotationPrefix}env`)),
  ]
}

/** Whether the annotations name objects, which the chosen containers receive. */
const hasOwnObjects = (config: AgentConfig): boolean => hasFiles(config) || config.env.length > 0

/** A user's own container may have the name of an injected one. */
function leftOutWarnings({ spec }: Pod, { placement, config }: Plan, settings: PodSettings) {
  if (settings.containers !== undefined || !hasOwnObjects(config)) return []
  return injectedContainers(spec, placement)
    .filter((name) => !config.containers.includes(name))
    .map(
      (name) =>
        `container ${name} receives no objects, because ${injectorOf(name)?.name} injects a container of this name; if it should, list it in ${annotationPrefix}containers`,
    )
}

function earlyWarnings({ consumers, config }: Plan): readonly string[] {
  if (!hasFiles(config)) return []
  return consumers
    .filter(({ isEarly }) => isEarly)
    .map(
      ({ container }) =>
        `container ${printable(container.name)} starts before the agent and finds no files; see ${annotationPrefix}position`,
    )
}

/** Files that only the agent's user can read, or a group that no container is in. */
function modeWarnings(pod: Pod, plan: Plan): readonly string[] {
  const { config, consumers, servedMounts, agentUid } = plan
  const ofVolume = (volume: string) =>
    servedMounts.filter(({ mount }) => mount.name === volume).map(({ consumer }) => consumer)
  const warningsOf = (readers: readonly Consumer[], volume?: string) =>
    unreadableWarnings(pod, { readers, modes: modesOf(config, volume), agentUid })
  return [
    ...warningsOf(consumers),
    ...(config.volumes ?? []).flatMap(({ name }) => warningsOf(ofVolume(name), name)),
  ]
}

function unreadableWarnings(
  { spec }: Pod,
  context: {
    readonly readers: readonly Consumer[]
    readonly modes: readonly string[]
    readonly agentUid: number
  },
): readonly string[] {
  const { readers, modes, agentUid } = context
  const mode = modes.find((mode) => !isReadable(mode, spec.securityContext?.fsGroup != null))
  if (mode === undefined) return []
  return readers
    .map(({ container }) => container)
    .filter(({ securityContext }) => {
      const uid = securityContext?.runAsUser ?? spec.securityContext?.runAsUser
      return uid !== agentUid && uid !== 0
    })
    .map(
      ({ name }) =>
        `container ${printable(name)} may not be able to read files of mode ${mode}, which belong to user ${agentUid}; see ${annotationPrefix}run-as`,
    )
}

/** The modes of the files in a volume; undefined stands for the volume of our own files. */
function modesOf({ files, templates, fileMode }: AgentConfig, volume?: string): readonly string[] {
  return [
    ...files.filter((file) => file.volume === volume).map(({ mode = fileMode }) => mode),
    ...(volume === undefined ? templates.map(() => fileMode) : []),
  ]
}

/** Whether a container with another user can read a file: it is in the file's group only if the pod sets `fsGroup`. */
function isReadable(mode: string, hasGroup: boolean): boolean {
  const [, , group = '0', others = '0'] = mode
  return Boolean(Number(others) & 4 || (Number(group) & 4 && hasGroup))
}

function restartWarnings({ spec }: Pod, { config }: Plan): readonly string[] {
  return config.refreshSeconds > 0 &&
    spec.restartPolicy === 'Never' &&
    spec.activeDeadlineSeconds == null
    ? [
        `with ${annotationPrefix}refresh, an agent that cannot start is retried forever, even under restartPolicy Never; set activeDeadlineSeconds`,
      ]
    : []
}

/** https://github.com/virtual-kubelet/azure-aci/issues/543 */
const virtualNode =
  'the pod can only run on a virtual node (virtual-kubelet), which gives it no service account token, so it would wait forever; choose another node (docs/support.md)'

/**
 * The agent would end with `AKV_IDENTITY_MISSING`. The app's own variables don't reach the agent, and a pod doesn't show
 * whether its service account has a client ID.
 */
function identityWarnings(pod: Pod, { config, placement }: Plan): readonly string[] {
  const isGiven = placement.existing?.env?.some(({ name }) => name === 'AZURE_CLIENT_ID') ?? false
  const { clientId, defaultClientId } = config.identity
  return (clientId ?? defaultClientId) !== undefined || isGiven || usesWorkloadIdentity(pod)
    ? []
    : [
        `no identity is configured; set ${annotationPrefix}client-id, or label the pod ${workloadIdentityLabel}: "true" if azure-workload-identity is installed`,
      ]
}

import {
  type AgentConfig,
  agentRoot,
  configVariable,
  envFolder,
  filesFolder,
  freshPath,
  gatePath,
  hangGraceSeconds,
  hasEnvVolume,
  hasFiles,
  identityFolder,
  readyPath,
  servedFolder,
  throttlingAllowanceSeconds,
} from '../../../delivery/contract.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import type { RunAs } from '../../../requests/annotations/pod-settings.ts'
import {
  agentName,
  envVolume,
  filesVolume,
  identityVolume,
  metricsPortName,
} from '../model/our-names.ts'
import type { Container, Pod } from '../model/pod.ts'
import type { AgentResources } from './agent-resources.ts'

/** The user if the pod sets none: the image's own, the customary "nonroot". */
const defaultUid = 65532
/**
 * The API server mounts the pod's API token here, unless the container has a mount at this path. The agent doesn't need
 * that token, and a mount added after our review would cause another one.
 */
const apiTokenPath = '/var/run/secrets/kubernetes.io/serviceaccount'
/**
 * The probe fails only after the agent's own deadline, so that the agent can report why it gave up. The pod's limit is
 * fixed here, so it always includes the time that a throttling vault may add.
 */
const probeGraceSeconds = throttlingAllowanceSeconds + hangGraceSeconds + 15
/** An agent that outlasts outages has no deadline. One that is stuck, which has never been seen, starts again after a day. */
const outageSeconds = 24 * 60 * 60
/** The image's program waits up to 10 seconds for the path, and must print its message before the kubelet ends it. */
const probeTimeoutSeconds = 15
/**
 * Each probe starts a process. A pod with `stale-after` needs no faster answer, because it is stale for minutes already. A
 * longer period would be worse for pods with a gate: if the kubelet has been running for less than a period, it begins to probe
 * after a random part of one.
 */
const readinessPeriodSeconds = 30
/** How long the `postStart` hook waits. Until it ends, the kubelet shows no log of the agent. */
const hookSeconds = 5
/** The image's program waits up to 10 minutes for the gate, and 10 seconds for objects that aren't stale. */
const gateTimeoutSeconds = 630
/** The liveness probe matters only once, so it may come late. */
const livenessPeriodSeconds = 600

/** A container with members that we write but never read. */
type AgentContainer = Omit<Container, 'securityContext'> & Readonly<Record<string, unknown>>

/** The agent's container as it is added to the pod. Passes Pod Security `restricted` whatever the pod's own settings. */
export function agentContainer(options: {
  readonly config: AgentConfig
  readonly encodedConfig: string
  readonly runAs: RunAs
  readonly resources: AgentResources
  readonly policy: Policy
  /** Whether the pod sets `hostNetwork`. */
  readonly isInNodeNetwork: boolean
}): AgentContainer {
  const { config, encodedConfig, runAs, resources, policy, isInNodeNetwork } = options
  return {
    name: agentName,
    image: policy.agentImage,
    ...(policy.agentImagePullPolicy && { imagePullPolicy: policy.agentImagePullPolicy }),
    args: ['agent'],
    ...(config.refreshSeconds > 0 && {
      restartPolicy: 'Always',
      ...(config.opensGate ? atTheGate(config) : behindProbe(config)),
    }),
    ...(!isInNodeNetwork && portsOf(config)),
    env: [{ name: configVariable, value: encodedConfig }, ...proxyVariables(policy)],
    ...resourcesOf(resources),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: runAs.uid !== 0,
      runAsUser: runAs.uid,
      ...(runAs.gid !== undefined && { runAsGroup: runAs.gid }),
      seccompProfile: { type: 'RuntimeDefault' },
    },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: agentMounts(config),
  }
}

/**
 * A sidecar whose startup probe holds back the next container until everything is written. The agent's image carries
 * `init-agent/await-files.ts` as `/usr/bin/test`, which waits for the path: a probe that returned at once would raise a
 * Warning event in each second of a healthy start. The command never changes, because during an upgrade, webhooks and
 * agent images of different versions meet (docs/specification.md, "What is added to a pod").
 *
 * The threshold counts one failure for each second that the agent may take, so a probe that fails at once is enough.
 */
function behindProbe(config: AgentConfig) {
  return {
    startupProbe: {
      exec: {
        command: ['/usr/bin/test', '-e', readyPath(config)],
      },
      timeoutSeconds: probeTimeoutSeconds,
      periodSeconds: 1,
      failureThreshold: startSeconds(config),
    },
    ...(config.staleAfterSeconds !== undefined && { readinessProbe: readinessProbe(config) }),
  }
}

/**
 * A sidecar after which each container waits for a variable that the agent writes last. The kubelet has to find it before it
 * creates a container, and tries again every 10 to 15 seconds.
 *
 * - The hook saves these seconds in a healthy start: the kubelet starts the next container when it has ended. It always passes.
 * - The readiness probe saves them later: when it passes, the kubelet looks at the pod at once.
 * - The liveness probe ends an agent that is stuck before it has written everything, as the startup probe would.
 *
 * An agent that doesn't know the gate gives up because of the configuration's version, so these commands needn't stay the same.
 */
function atTheGate(config: AgentConfig) {
  const gate = ['/usr/bin/test', '-s', gatePath]
  const isFresh = config.staleAfterSeconds === undefined ? [] : ['-a', '-e', freshPath(config)]
  return {
    lifecycle: { postStart: { exec: { command: [...gate, '-o', String(hookSeconds)] } } },
    livenessProbe: {
      exec: { command: ['/usr/bin/test', '-e', readyPath(config)] },
      initialDelaySeconds: startSeconds(config),
      timeoutSeconds: probeTimeoutSeconds,
      periodSeconds: livenessPeriodSeconds,
      failureThreshold: 1,
    },
    readinessProbe: {
      exec: { command: [...gate, ...isFresh] },
      timeoutSeconds: gateTimeoutSeconds,
      periodSeconds: readinessPeriodSeconds,
      failureThreshold: 1,
    },
  }
}

/** For how long the agent may be starting. */
const startSeconds = ({ timeoutSeconds, outlastsOutages }: AgentConfig): number =>
  outlastsOutages ? outageSeconds : timeoutSeconds + probeGraceSeconds

/** The same program as in the startup probe. A file that is missing is a decision of the agent, so one failure is enough. */
const readinessProbe = (config: AgentConfig) => ({
  exec: { command: ['/usr/bin/test', '-e', freshPath(config)] },
  timeoutSeconds: probeTimeoutSeconds,
  periodSeconds: readinessPeriodSeconds,
  failureThreshold: 1,
})

/**
 * Monitoring finds the port by its name. In the node's network, Kubernetes reserves a declared port on the node, and a second
 * replica couldn't run there.
 */
const portsOf = ({ metricsPort }: AgentConfig) =>
  metricsPort !== undefined && {
    ports: [{ name: metricsPortName, containerPort: metricsPort, protocol: 'TCP' }],
  }

function agentMounts(config: AgentConfig) {
  return [
    ...(hasFiles(config) ? [{ name: filesVolume, mountPath: `${agentRoot}/${filesFolder}` }] : []),
    ...(hasEnvVolume(config) ? [{ name: envVolume, mountPath: `${agentRoot}/${envFolder}` }] : []),
    ...(config.volumes ?? []).map(({ name }) => ({
      name,
      mountPath: `${agentRoot}/${servedFolder(name)}`,
    })),
    { name: identityVolume, mountPath: `${agentRoot}/${identityFolder}`, readOnly: true },
    { name: identityVolume, mountPath: apiTokenPath, readOnly: true },
  ]
}

const proxyVariables = ({ agentProxy: { url, exceptions } }: Policy) => [
  ...(url === undefined ? [] : [{ name: 'HTTPS_PROXY', value: url }]),
  ...(exceptions === undefined ? [] : [{ name: 'NO_PROXY', value: exceptions }]),
]

function resourcesOf({ requests, limits }: AgentResources) {
  const resources = {
    ...(Object.keys(requests).length > 0 && { requests }),
    ...(Object.keys(limits).length > 0 && { limits }),
  }
  return Object.keys(resources).length > 0 ? { resources } : {}
}

/**
 * The user that the agent runs as: the one of `run-as`, else the one that all containers or the pod set. It is root only
 * if `run-as` says so. Through `/proc`, a process can read the memory of other processes of its user, so an agent that
 * other containers can see has a user of its own (docs/specification.md, "Security context of the agent").
 */
export function agentUser(
  { spec }: Pod,
  { runAs, isSeen }: { readonly runAs?: RunAs; readonly isSeen: boolean },
): RunAs {
  if (runAs !== undefined) return runAs
  if (isSeen) return { uid: defaultUid }
  const podUid = spec.securityContext?.runAsUser
  const uids = new Set(
    spec.containers.map(({ securityContext }) => securityContext?.runAsUser ?? podUid),
  )
  const [uid] = uids
  const shared = uids.size === 1 ? uid : podUid
  return { uid: typeof shared === 'number' && shared > 0 ? shared : defaultUid }
}

/** Whether other containers can see the agent's process while the pod runs. */
export const isAgentSeen = ({ spec }: Pod, { refreshSeconds }: AgentConfig): boolean =>
  refreshSeconds > 0 && (spec.shareProcessNamespace === true || spec.hostPID === true)

import {
  type AgentConfig,
  agentRoot,
  configVariable,
  envFolder,
  filesFolder,
  hasEnvVolume,
  hasFiles,
  identityFolder,
  servedFolder,
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
import type { Container } from '../model/pod.ts'
import type { AgentResources } from './agent-resources.ts'
import { nativeSidecar } from './native-sidecar.ts'

/**
 * The API server mounts the pod's API token here, unless the container has a mount at this path. The agent doesn't need
 * that token, and a mount added after our review would cause another one.
 */
const apiTokenPath = '/var/run/secrets/kubernetes.io/serviceaccount'
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
    ...(config.refreshSeconds > 0 && nativeSidecar(config)),
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
 * Monitoring finds the port by its name. In the node's network, Kubernetes reserves a declared port on the node, and a second
 * replica couldn't run there.
 */
const portsOf = ({ metricsPort }: AgentConfig) =>
  metricsPort !== undefined && {
    ports: [{ name: metricsPortName, containerPort: metricsPort, protocol: 'TCP' }],
  }

/** The mounts of the agent’s container. */
export function agentMounts(config: AgentConfig) {
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

import {
  type AgentConfig,
  configVariable,
  type WantedFile,
  type WantedTemplate,
} from '../../delivery/contract.ts'
import { decodeConfig } from '../../delivery/decode-config.ts'
import { tlsFileNames } from '../../delivery/target-path.ts'
import { printable } from '../../lib/printable.ts'
import { agentName, filesVolume } from '../../webhook/core/model/our-names.ts'
import type { Container, Pod } from '../../webhook/core/model/pod.ts'
import { describeServed, volumeFolder } from './describe-served.ts'
import { describePattern, describeWanted, row } from './describe-wanted.ts'

/** The agent's container in an injected pod, and its configuration. */
export function findAgent({ spec }: Pod): { container: Container; config: AgentConfig } {
  const container = spec.initContainers?.find(({ name }) => name === agentName)
  const text = container?.env?.find(({ name }) => name === configVariable)?.value
  const config = decodeConfig(text ?? '')
  if (container === undefined || config.kind === 'invalid')
    throw new Error('the pod was injected, but has no agent')
  return { container, config: config.value }
}

/** Describes an injected pod, one line for the agent, the containers, and each volume, file and variable. */
export function describeInjection(pod: Pod, namespace: string): readonly string[] {
  const { config } = findAgent(pod)
  const { files, finds = [], templates, env, containers, fileMode } = config
  const folder = mountPath(pod)
  return [
    row('agent', describeAgent(config)),
    ...(config.tokenProxy
      ? [row('sign-in', `${signsInAs(config.identity)}, ${bindingSignIn}`)]
      : []),
    ...describeDefaults(config, namespace),
    ...describeServed(pod, config, namespace),
    ...(containers.length > 0 ? [row('containers', containers.join(', '))] : []),
    ...files.map((file) =>
      row(
        'file',
        `${file.volume === undefined ? folder : volumeFolder(pod, file.volume)}/${pathOf(file)} (${file.mode ?? fileMode}) from ${describeWanted(file)}`,
      ),
    ),
    ...finds.map((find) =>
      row('files', `${folder}/${find.path}/* (${fileMode}) from ${describePattern(find)}`),
    ),
    ...templates.map(({ path, segments }) =>
      row('file', `${folder}/${path} (${fileMode}) from a template of ${namesIn(segments)}`),
    ),
    ...env.map((entry) => row('variable', `${entry.variable} from ${describeWanted(entry)}`)),
  ]
}

/** Says which client an agent or an account signs in as. */
export const signsInAs = ({ clientId }: { readonly clientId?: string }): string =>
  `as ${clientId ?? 'the client that azure-workload-identity sets'}`

/** The sentence mentions the setting, because the administrator may not have turned identity bindings on. */
export const bindingSignIn = 'by an identity binding of AKS (needs identityBinding.enabled)'

/** The annotations that the pod has from its namespace (docs/specification.md, "Defaults of a namespace"). */
const describeDefaults = ({ defaults = {} }: AgentConfig, namespace: string): readonly string[] => {
  const used = Object.entries(defaults).map(([key, text]) => `${printable(key)} ${printable(text)}`)
  return used.length === 0
    ? []
    : [row('defaults', `of namespace ${printable(namespace)}: ${used.join(', ')}`)]
}

function describeAgent({ refreshSeconds, metricsPort, staleAfterSeconds }: AgentConfig): string {
  if (refreshSeconds === 0) return 'init container, fetches once'
  return [
    `native sidecar, refreshes every ${refreshSeconds} s`,
    ...(metricsPort === undefined ? [] : [`serves metrics at port ${metricsPort}`]),
    ...(staleAfterSeconds === undefined
      ? []
      : [`makes the pod unready when stale for ${staleAfterSeconds} s`]),
  ].join(', ')
}

export function pathOf({ path, object, property, versions }: WantedFile): string {
  const folder = path === '.' ? '' : `${path}/`
  if (object.type === 'tls') return `${folder}{${tlsFileNames.join(',')}}`
  if (property === '*') return `${folder}*`
  return versions === undefined ? path : `${folder}{0..${versions - 1}}`
}

function namesIn(segments: WantedTemplate['segments']): string {
  const names = segments.flatMap((segment) =>
    typeof segment === 'string' ? [] : [describeWanted(segment)],
  )
  return [...new Set(names)].join(', ') || 'no values'
}

function mountPath({ spec }: Pod): string {
  const mounts = [...spec.containers, ...(spec.initContainers ?? [])]
    .filter(({ name }) => name !== agentName)
    .flatMap(({ volumeMounts }) => volumeMounts ?? [])
  return mounts.find(({ name }) => name === filesVolume)?.mountPath ?? ''
}

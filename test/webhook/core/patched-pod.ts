import jsonpatch from 'fast-json-patch'
import { configVariable } from '../../../delivery/contract.ts'
import { decodeConfig } from '../../../delivery/decode-config.ts'
import { vaultUrl } from '../../../keyvault/reference.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import type { Injected } from '../../../webhook/core/model/outcome.ts'
import type { Pod } from '../../../webhook/core/model/pod.ts'
import { policy } from './policy.ts'

/** Applies an outcome's patch to a copy of the pod, as the API server does. */
export const patchedPod = <T>(pod: T, { operations }: Pick<Injected, 'operations'>): T =>
  jsonpatch.applyPatch(structuredClone(pod), structuredClone([...operations]), true).newDocument

/** Throws if the agent of an injected pod would send requests to hosts that the administrator didn't configure. */
export function assertConfiguredHosts(pod: Pod): void {
  const { cloud, files, templates, env, notify } = configOf(pod)
  if (JSON.stringify(cloud) !== JSON.stringify(policy.cloud)) throw new Error('another cloud')
  const inTemplates = templates.flatMap(({ segments }) =>
    segments.filter((segment) => typeof segment !== 'string'),
  )
  for (const { object } of [...files, ...inTemplates, ...env]) {
    const { hostname, pathname, username } = new URL(vaultUrl(cloud.vaultUrl, object.vault))
    if (!/^[a-z0-9-]+\.vault\.azure\.net$/.test(hostname) || pathname !== '/' || username)
      throw new Error(`another host: ${hostname}`)
  }
  if (notify !== undefined && new URL(notify).hostname !== '127.0.0.1')
    throw new Error(`notifies ${notify}`)
}

function configOf({ spec }: Pod) {
  const agent = spec.initContainers?.find(({ name }) => name === agentName)
  const config = decodeConfig(agent?.env?.find(({ name }) => name === configVariable)?.value ?? '')
  if (config.kind === 'invalid') throw new Error(config.problem)
  return config.value
}

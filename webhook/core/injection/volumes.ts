import {
  type AgentConfig,
  audienceOf,
  hasEnvVolume,
  hasFiles,
  refreshNowKey,
  tokenFileName,
} from '../../../delivery/contract.ts'
import type { TokenAudience } from '../../../lib/azure/token-audience.ts'
import { isObject, objectAt, objectsAt, valueAt } from '../../../lib/shape.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import { envVolume, filesVolume, identityVolume } from '../model/our-names.ts'
import type { Volume } from '../model/pod.ts'

const tokenSeconds = 3600

/** The volumes that the configuration needs. */
export function wantedVolumes(config: AgentConfig, sizeLimit: string): readonly Volume[] {
  return [
    ...(hasFiles(config) ? [memoryVolume(filesVolume, sizeLimit)] : []),
    ...(hasEnvVolume(config) ? [memoryVolume(envVolume, sizeLimit)] : []),
    identityVolumeOf(config),
  ]
}

function memoryVolume(name: string, sizeLimit: string) {
  return { name, emptyDir: { medium: 'Memory', sizeLimit } }
}

const tokenSource = (audience: TokenAudience) => ({
  serviceAccountToken: { audience, expirationSeconds: tokenSeconds, path: tokenFileName },
})

/** The kubelet writes the text of one annotation, and changes the file when the annotation changes. */
const requestSource = {
  downwardAPI: {
    items: [
      {
        path: refreshNowKey,
        fieldRef: { fieldPath: `metadata.annotations['${annotationPrefix}${refreshNowKey}']` },
      },
    ],
  },
}

const identityVolumeOf = (config: AgentConfig) => ({
  name: identityVolume,
  projected: {
    sources: [
      tokenSource(audienceOf(config)),
      ...(config.refreshSeconds > 0 ? [requestSource] : []),
    ],
  },
})

/**
 * Whether a volume with one of our names is as the webhook makes it, except for what the API server may have added. Versions
 * before `refresh-now` made an identity volume with the token only.
 */
export function isOurVolume(volume: Volume, config: Pick<AgentConfig, 'tokenProxy'>): boolean {
  const { emptyDir, projected } = volume as Volume & Record<string, unknown>
  if (volume.name !== identityVolume) return isObject(emptyDir) && emptyDir['medium'] === 'Memory'
  const [token, request, ...others] = sourcesOf(projected)
  const { audience, path } = objectAt(token, 'serviceAccountToken')
  const isToken = audience === audienceOf(config) && path === tokenFileName
  return isToken && (request === undefined || isRequestSource(request)) && others.length === 0
}

const sourcesOf = (projected: unknown): readonly unknown[] => {
  const sources = valueAt(projected, 'sources')
  return Array.isArray(sources) ? sources : []
}

function isRequestSource(source: unknown): boolean {
  const items = valueAt(source, 'downwardAPI', 'items')
  const [wanted] = requestSource.downwardAPI.items
  return (
    Array.isArray(items) &&
    items.length === 1 &&
    valueAt(items, 0, 'path') === wanted?.path &&
    valueAt(items, 0, 'fieldRef', 'fieldPath') === wanted?.fieldRef.fieldPath
  )
}

/** Whether the pod shows its agent the annotation `refresh-now`. */
export const showsRequests = (pod: unknown): boolean =>
  objectsAt(pod, 'spec', 'volumes').some(
    ({ name, projected }) =>
      name === identityVolume && sourcesOf(projected).slice(1).some(isRequestSource),
  )

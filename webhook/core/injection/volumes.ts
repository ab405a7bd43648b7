import {
  type AgentConfig,
  audienceOf,
  hasEnvVolume,
  hasFiles,
  tokenFileName,
} from '../../../delivery/contract.ts'
import type { TokenAudience } from '../../../lib/azure/token-audience.ts'
import { isObject, objectAt, valueAt } from '../../../lib/shape.ts'
import { envVolume, filesVolume, identityVolume } from '../model/our-names.ts'
import type { Volume } from '../model/pod.ts'

const tokenSeconds = 3600

/** The volumes that the configuration needs. */
export function wantedVolumes(config: AgentConfig, sizeLimit: string): readonly Volume[] {
  return [
    ...(hasFiles(config) ? [memoryVolume(filesVolume, sizeLimit)] : []),
    ...(hasEnvVolume(config) ? [memoryVolume(envVolume, sizeLimit)] : []),
    tokenVolume(audienceOf(config)),
  ]
}

function memoryVolume(name: string, sizeLimit: string) {
  return { name, emptyDir: { medium: 'Memory', sizeLimit } }
}

const tokenVolume = (audience: TokenAudience) => ({
  name: identityVolume,
  projected: {
    sources: [
      {
        serviceAccountToken: {
          audience,
          expirationSeconds: tokenSeconds,
          path: tokenFileName,
        },
      },
    ],
  },
})

/** Whether a volume with one of our names is as the webhook makes it, except for what the API server may have added. */
export function isOurVolume(volume: Volume, config: Pick<AgentConfig, 'tokenProxy'>): boolean {
  const { emptyDir, projected } = volume as Volume & Record<string, unknown>
  if (volume.name !== identityVolume) return isObject(emptyDir) && emptyDir['medium'] === 'Memory'
  const sources = valueAt(projected, 'sources')
  const { audience, path } = objectAt(sources, 0, 'serviceAccountToken')
  const isOne = Array.isArray(sources) && sources.length === 1
  return isOne && audience === audienceOf(config) && path === tokenFileName
}

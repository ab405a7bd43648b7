import { type AgentConfig, hasFiles, tokenFileName } from '../../../delivery/contract.ts'
import { isObject } from '../../../lib/shape.ts'
import { tokenAudience } from '../../../lib/token-audience.ts'
import { envVolume, filesVolume, identityVolume } from '../model/our-names.ts'
import type { Volume } from '../model/pod.ts'

const tokenSeconds = 3600

/** The volumes that the configuration needs. */
export function wantedVolumes(config: AgentConfig, sizeLimit: string): readonly Volume[] {
  return [
    ...(hasFiles(config) ? [memoryVolume(filesVolume, sizeLimit)] : []),
    ...(config.env.length > 0 ? [memoryVolume(envVolume, sizeLimit)] : []),
    tokenVolume,
  ]
}

function memoryVolume(name: string, sizeLimit: string) {
  return { name, emptyDir: { medium: 'Memory', sizeLimit } }
}

const tokenVolume = {
  name: identityVolume,
  projected: {
    sources: [
      {
        serviceAccountToken: {
          audience: tokenAudience,
          expirationSeconds: tokenSeconds,
          path: tokenFileName,
        },
      },
    ],
  },
}

/** Whether a volume with one of our names is as the webhook makes it, except for what the API server may have added. */
export function isOurVolume(volume: Volume): boolean {
  const { emptyDir, projected } = volume as Volume & Record<string, unknown>
  if (volume.name !== identityVolume) return isObject(emptyDir) && emptyDir['medium'] === 'Memory'
  const sources = isObject(projected) ? projected['sources'] : undefined
  if (!Array.isArray(sources) || sources.length !== 1 || !isObject(sources[0])) return false
  const token = sources[0]['serviceAccountToken']
  return isObject(token) && token['audience'] === tokenAudience && token['path'] === tokenFileName
}

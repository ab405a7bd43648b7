import { type JsonObject, valueAt } from '../../../lib/shape.ts'
import { isDriverVolume } from '../../../webhook/core/model/find-class-volumes.ts'

/** Lists the names of the SecretProviderClasses of a pod's volumes. */
export function classNamesOf(pod: JsonObject): ReadonlySet<string> {
  const volumes = valueAt(pod, 'spec', 'volumes')
  const names = (Array.isArray(volumes) ? volumes : [])
    .filter(isDriverVolume)
    .map((volume) => valueAt(volume, 'csi', 'volumeAttributes', 'secretProviderClass'))
  return new Set(names.filter((name) => typeof name === 'string'))
}

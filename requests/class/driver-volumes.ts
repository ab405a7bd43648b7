import { isObject, type JsonObject, objectsAt, valueAt } from '../../lib/shape.ts'

/** The name of the Secrets Store CSI Driver in a volume. */
const csiDriver = 'secrets-store.csi.k8s.io'

/** Whether a volume is one of the Secrets Store CSI Driver. */
export const isDriverVolume = (volume: unknown): boolean =>
  isObject(volume) && isObject(volume['csi']) && volume['csi']['driver'] === csiDriver

/** Lists the names of the SecretProviderClasses of a pod's volumes, as they are written. */
export function classNamesOf(pod: JsonObject): ReadonlySet<string> {
  const names = objectsAt(pod, 'spec', 'volumes')
    .filter(isDriverVolume)
    .map((volume) => valueAt(volume, 'csi', 'volumeAttributes', 'secretProviderClass'))
  return new Set(names.filter((name) => typeof name === 'string'))
}

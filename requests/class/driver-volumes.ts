import { maxServedVolumes } from '../../delivery/contract.ts'
import { isName, subdomainName } from '../../lib/name-rules.ts'
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

/** The same, but only those that can exist, and no more than the webhook serves for one pod. */
export const usableClassesOf = (pod: JsonObject): readonly string[] =>
  [...classNamesOf(pod)].filter((name) => isName(name, subdomainName)).slice(0, maxServedVolumes)

import { type JsonObject, objectsAt } from '../../../lib/shape.ts'
import { asksForSecrets } from '../../../requests/account/read-account.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import {
  isTurnedOff,
  readOwnAnnotations,
} from '../../../requests/annotations/keys/own-annotations.ts'
import { isDriverVolume } from '../../../requests/class/driver-volumes.ts'

/** Whether a pod or a pod template asks for objects with our annotations. */
export function asksByAnnotations(pod: unknown): boolean {
  const { own } = readOwnAnnotations(annotationsOf(pod))
  return Object.keys(own).length > 0 && !isTurnedOff(own)
}

/** Whether it asks for environment variables, which need EnvFiles. */
export function asksForVariables(pod: unknown): boolean {
  const { own } = readOwnAnnotations(annotationsOf(pod))
  return own['env'] !== undefined && own['env'].trim() !== '' && !isTurnedOff(own)
}

/** Whether a ServiceAccount asks for Secrets by its annotation. */
export const asksForSync = (account: unknown): boolean =>
  asksForSecrets({ annotations: annotationsOf(account) })

/** Whether another object has created it, and would create it again. */
export const hasController = (object: JsonObject): boolean =>
  objectsAt(object, 'metadata', 'ownerReferences').some((owner) => owner['controller'] === true)

/** Whether a pod or a pod template has a volume of the Secrets Store CSI Driver that the webhook may serve. */
export const hasDriverVolume = (pod: unknown): boolean =>
  objectsAt(pod, 'spec', 'volumes').some(isDriverVolume) &&
  !isTurnedOff(readOwnAnnotations(annotationsOf(pod)).own)

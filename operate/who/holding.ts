import { type ObjectReference, referenceKey } from '../../keyvault/reference.ts'
import { objectPlace } from '../../requests/secret/object-versions.ts'

/** Where a version is. `next start`: what a container that starts now would get as variables. */
export type HoldingPlace = 'files' | 'variables' | 'next start' | 'Secret'

/** A version of an object that a pod or a synced Secret holds. */
export interface Holding {
  readonly namespace: string
  /** `Deployment/web`, or `ServiceAccount/app` for a Secret. */
  readonly workload: string
  /** The name of the pod or of the Secret. */
  readonly holder: string
  /** Its place, such as `team-a:db-password` or `team-a:key/signing`. */
  readonly object: string
  /** The same for all forms of the object, such as `tls` and `pfx`, that have the same versions. */
  readonly objectKey: string
  readonly place: HoldingPlace
  /** Absent if the object isn't in place, although it is asked for. */
  readonly version?: string
  /** Several versions were in place when a process was started, so it may have any of them. */
  readonly isPossible: boolean
  readonly sinceMs?: number
  readonly expiresMs?: number
}

/** Somebody who asks, or may ask, for the object, and who could not be asked. Never the same as somebody who doesn't use it. */
export interface Unasked {
  readonly namespace: string
  readonly workload: string
  readonly holder: string
  readonly why: string
}

/** When an agent put a version of an object in place that wasn't pinned. */
export interface Appearance {
  readonly objectKey: string
  readonly version: string
  readonly atMs: number
  readonly isPinned: boolean
}

/** What is known of a pod or an account. */
export interface Findings {
  readonly holdings: readonly Holding[]
  readonly unasked: readonly Unasked[]
  readonly appearances: readonly Appearance[]
}

export const noFindings: Findings = { holdings: [], unasked: [], appearances: [] }

/** How a holding names its object. */
export const namesOf = ({
  version: _,
  ...object
}: ObjectReference): Pick<Holding, 'object' | 'objectKey'> => ({
  object: objectPlace(object),
  objectKey: referenceKey(object),
})

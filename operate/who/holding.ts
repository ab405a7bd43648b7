import { type ObjectReference, referenceKey } from '../../keyvault/reference.ts'
import { unversionedName } from '../../requests/secret/object-versions.ts'

/** Where a version is held. `next start`: as variables, a container that starts now would get it. */
export type HeldIn = 'files' | 'variables' | 'next start' | 'Secret'

/** A version of an object that a pod or a synced Secret holds. */
export interface Holding {
  readonly namespace: string
  /** `Deployment/web`, or `ServiceAccount/app` for a Secret. */
  readonly workload: string
  /** The name of the pod or of the Secret. */
  readonly holder: string
  /** The object as in an annotation, such as `team-a:db-password` or `team-a:key/signing`. */
  readonly object: string
  /** The same text for all forms of the object that have the same versions, such as `tls` and `pfx`. */
  readonly objectKey: string
  readonly heldIn: HeldIn
  /** Absent if the object is asked for, but not held. */
  readonly version?: string
  /** Whether this is only a possibility: several versions may have been current when a process started. */
  readonly isPossible: boolean
  readonly sinceMs?: number
  readonly expiresMs?: number
}

/**
 * A pod or an account that uses the object, or may use it, and could not be asked. Never treated as one that doesn't
 * use it.
 */
export interface Unasked {
  readonly namespace: string
  readonly workload: string
  readonly holder: string
  readonly why: string
}

/** When an agent first wrote a version of an object that isn't pinned. */
export interface Appearance {
  readonly objectKey: string
  readonly version: string
  readonly atMs: number
  readonly isPinned: boolean
}

/** What was found out about a pod or an account. */
export interface Findings {
  readonly holdings: readonly Holding[]
  readonly unasked: readonly Unasked[]
  readonly appearances: readonly Appearance[]
}

export const noFindings: Findings = { holdings: [], unasked: [], appearances: [] }

/** The two members of a holding that name its object. */
export const namesOf = ({
  version: _,
  ...object
}: ObjectReference): Pick<Holding, 'object' | 'objectKey'> => ({
  object: unversionedName(object),
  objectKey: referenceKey(object),
})

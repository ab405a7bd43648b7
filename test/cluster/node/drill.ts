import type { AkvErrorCode } from '../../../lib/errors/akv-error.ts'

/** What somebody on call sees in the state of a drill. */
export interface Drill {
  /** The title of the test, or the name of the case. */
  readonly title: string
  /** The state and the code of the object's row in `status`. Undefined: there is no row for it. */
  readonly status?: string
  /** What `doctor` says of the pod or the workload, or of the cluster. */
  readonly doctor?: string
  /** How the first line of `doctor` begins, which says whether it is akv-injector, for somebody with the ClusterRole `view`. */
  readonly verdict?: string | RegExp
}

/** The agent can't fetch the objects. */
export const failed = (title: string, code: AkvErrorCode): Drill => ({
  title,
  status: `failed ${code}`,
  doctor: `${code}: `,
})
/** The pod or the Secret keeps the values that it has. */
export const stale = (title: string, code: AkvErrorCode): Drill => ({
  title,
  status: `stale ${code}`,
  doctor: `${code}: `,
})
/** Somebody has changed the agent, so that its log may be somebody else's. */
export const unbelieved = (title: string, doctor: string): Drill => ({
  title,
  status: 'unknown',
  doctor,
})
/** All is well, perhaps again. */
export const fresh = (title: string): Drill => ({
  title,
  status: 'fresh',
  doctor: 'all up to date',
})
/** All Secrets of the account are in sync. */
export const inSync = (title: string): Drill => ({
  title,
  status: 'fresh',
  doctor: 'the controller has its rights',
})
/** Nothing could be created that would have a row. */
export const absent = (title: string, doctor: string): Drill => ({ title, doctor })

/** Something fails that may or may not be akv-injector. */
export const judged = (title: string, verdict: string | RegExp): Drill => ({ title, verdict })

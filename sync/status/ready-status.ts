import { isDeepStrictEqual } from 'node:util'
import { describeProblem, joinProblems } from '../../lib/problems/problem.ts'
import type { ReadStore } from '../../requests/external-secret/read-store.ts'
import type {
  ReadyCondition,
  SeenStatus,
} from '../../requests/external-secret/seen-external-secret.ts'

/** A status, as server-side apply writes it. Other tools read the same members of the operator's. */
export interface ReadyStatus {
  readonly conditions: readonly [{ readonly type: 'Ready' } & ReadyCondition]
  readonly refreshTime?: string
  readonly syncedResourceVersion?: string
  readonly binding?: { readonly name: string }
}

/** The Secret of an ExternalSecret. */
export interface ReadySecret {
  readonly name: string
  /** Whether its values have just been fetched, or it has just changed. */
  readonly isRefreshed: boolean
  /** Of the ExternalSecret: `objectRevision`. */
  readonly revision: string
}

/** What a status should say. */
export type Readiness = Pick<ReadyCondition, 'status' | 'reason' | 'message'>

/** The reason after the deletion policy has deleted a Secret. */
export const deletedReason = 'SecretDeleted'

/**
 * What has become of a Secret for which the vault has no objects: the deletion policy has deleted it, or its finds have found
 * nothing.
 */
export type NothingFound = 'deleted' | 'not made' | 'kept'

const becauseNothing = 'because the vault has none of its objects'
const withoutObjects: Readonly<Record<NothingFound, string>> = {
  deleted: `doesn't exist, ${becauseNothing} and deletionPolicy is Delete`,
  'not made': `wasn't created, ${becauseNothing}`,
  kept: `stays as it is, ${becauseNothing}`,
}

/** @param notes - said beside it, such as which fields have no effect */
export const synced = (
  notes: readonly string[],
  {
    name,
    account,
    nothingFound,
  }: {
    readonly name: string
    readonly account: string
    readonly nothingFound: NothingFound | undefined
  },
): Readiness => {
  const outcome = nothingFound === undefined ? 'was synced' : withoutObjects[nothingFound]
  return {
    status: 'True',
    reason: nothingFound === 'deleted' ? deletedReason : 'SecretSynced',
    message: [`Secret ${name} ${outcome}; read as ServiceAccount ${account}`, ...notes].join('; '),
  }
}
export const notSynced = (message: string): Readiness => ({
  status: 'False',
  reason: 'SecretSyncedError',
  message,
})
/** Of a store: whether it is valid, and which of its fields have no effect. */
export const storeReadiness = ({
  problems,
  unused,
}: Pick<ReadStore, 'problems' | 'unused'>): Readiness =>
  problems.length === 0
    ? {
        status: 'True',
        reason: 'Valid',
        message: ['store validated', ...unused.map(describeProblem)].join('; '),
      }
    : { status: 'False', reason: 'InvalidProviderConfig', message: joinProblems(problems) }

/** The bound for a message in Kubernetes' own conditions. */
const maxMessageLength = 2048

/**
 * The status to write; undefined if the object has it already.
 *
 * @param options - `before`: what the object has; `secret`: of an ExternalSecret that is in sync
 */
export function readyStatus(
  { message, ...readiness }: Readiness,
  options: {
    readonly before: SeenStatus
    readonly wallMs: number
    readonly secret?: ReadySecret
  },
): ReadyStatus | undefined {
  const { before, wallMs, secret } = options
  const last = before.ready
  // The API server replaces half of a surrogate pair, and a status that never equals ours would be written forever.
  const bounded = message.slice(0, maxMessageLength).toWellFormed()
  const { refreshTime, syncedResourceVersion, binding } = before
  // Applying a status removes the members that it lacks. A failure leaves them as they are.
  const known = {
    ...(syncedResourceVersion && { syncedResourceVersion }),
    ...(binding && { binding }),
  }
  const members = secret
    ? { syncedResourceVersion: secret.revision, binding: { name: secret.name } }
    : known
  const isSame =
    last?.status === readiness.status &&
    last.reason === readiness.reason &&
    last.message === bounded &&
    isDeepStrictEqual(members, known)
  if (isSame && secret?.isRefreshed !== true) return undefined
  const now = `${new Date(wallMs).toISOString().slice(0, 19)}Z`
  const lastTransitionTime = last?.status === readiness.status ? last.lastTransitionTime : now
  const refreshedAt = secret ? now : refreshTime
  return {
    conditions: [{ type: 'Ready', ...readiness, message: bounded, lastTransitionTime }],
    ...(refreshedAt && { refreshTime: refreshedAt }),
    ...members,
  }
}

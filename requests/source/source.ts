import type { SecretValue } from '../../delivery/destination.ts'
import {
  describeProblem,
  maxKeptProblems,
  type Problem,
  plainProblem,
} from '../../lib/problems/problem.ts'
import type { RefreshSchedule } from '../schedule/refresh-due.ts'
import type { RequestedSecret } from '../secret/requested-secret.ts'
import type { SecretFind } from '../secret/secret-find.ts'
import { type SourceRef, sourceKey } from '../secret/source-ref.ts'
import type { AccountHints } from './choose-account.ts'
import type { SourceContent } from './seen-source.ts'

/** An object that requests Secrets, read and checked. */
export interface Source {
  readonly ref: SourceRef
  readonly uid: string
  readonly createdAtMs: number
  /** Changes if the object does, except for its status. A new one starts a round. */
  readonly revision?: string | undefined
  /** Says which account reads it. */
  readonly hints: AccountHints
  /** When its values are fetched. Absent: with those of the account, as often as for served pods. */
  readonly schedule?: RefreshSchedule
  /** The tenant that it names. */
  readonly tenantId?: string
  /** Whether it is read by an identity binding of AKS. Absent: it doesn't say. */
  readonly usesBinding?: boolean
  /** The names of the Secrets that it requests, also if the rest of it can't be read. */
  readonly claims: readonly string[]
  /** If there are problems: as far as they can be read. */
  readonly secrets: readonly RequestedSecret[]
  /** The keys of the Secrets, and the inputs that keys are made of. */
  readonly values: readonly SecretValue[]
  /** The searches whose secrets are values of it, too. */
  readonly finds?: readonly SecretFind[]
  /** Says which fields of it or of its stores have no effect here, and what takes their place. */
  readonly unused?: string
  /** Sentences for the owner that don't stop the source. */
  readonly notes?: readonly string[]
  /** It belongs to another controller, so the controller does nothing for it and reports nothing. Its Secrets stay as they are. */
  readonly isLeftAlone?: boolean
  /** If there are any, nothing of it is synced, and its Secrets stay as they are. */
  readonly problems: readonly Problem[]
}

/** A status has room for as many. */
const maxSentencesLength = 2048

/** The first problems, as many as can be kept. There is at least one if there are any. */
export function boundProblems(problems: readonly Problem[]): readonly Problem[] {
  let length = 0
  return problems.slice(0, maxKeptProblems).filter((problem, index) => {
    length += describeProblem(problem).length
    return index === 0 || length <= maxSentencesLength
  })
}

/** Why an object isn't read at all. */
export const refusalOf = ({
  sentence,
  path,
  neededBytes,
}: Extract<SourceContent, { kind: 'refused' }>): Problem => ({
  ...plainProblem(sentence, path),
  ...(neededBytes !== undefined && { code: 'AKV_SYNC_TOO_MANY' }),
})

/** If two sources request one Secret, the older one keeps it. */
export const byAge = (a: Source, b: Source): number =>
  a.createdAtMs - b.createdAtMs || (sourceKey(a.ref) < sourceKey(b.ref) ? -1 : 1)

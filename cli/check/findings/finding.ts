import type { AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { describeProblem } from '../../../lib/problems/describe-problem.ts'
import type { Problem } from '../../../lib/problems/problem.ts'
import type { Place } from '../../input/text/file-error.ts'
import { findPlace, type InDocument } from './find-place.ts'
import type { checkCodes } from './finding-codes.ts'

/** Stable, see docs/errors.md. */
export type FindingCode = keyof typeof checkCodes | Extract<AkvErrorCode, `AKV_S${string}`>

/** Something that `check` tells about an object or a file. */
export interface Finding {
  /** Only problems make the exit code 1; with `--strict`, warnings do, too. */
  readonly severity: 'problem' | 'warning' | 'note'
  readonly code: FindingCode
  readonly message: string
  /** The annotation or field that the message is about. Absent if it is about the whole object or file. */
  readonly place?: Place | undefined
}

/** A finding for each problem, at the annotation or field that it names. */
export const problemFindings = (
  code: FindingCode,
  object: InDocument,
  problems: readonly Problem[],
): readonly Finding[] =>
  problems.map((problem) => ({
    severity: 'problem',
    code,
    message: describeProblem(problem),
    place: findPlace(object, problem.subject),
  }))

/** A finding for each sentence, at the field that the sentence begins with, if it does. */
export const sentenceFindings = (
  kind: Pick<Finding, 'severity' | 'code'>,
  object: InDocument,
  sentences: readonly string[],
): readonly Finding[] =>
  sentences.map((message) => ({ ...kind, message, place: findPlace(object, message) }))

import type { AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { describeProblem, type Problem } from '../../../lib/problems/problem.ts'
import type { FilePosition } from '../../input/text/file-error.ts'
import { findPosition, type InDocument } from './find-position.ts'
import type { checkCodes } from './finding-codes.ts'

/** The code of a finding. Codes are stable (docs/errors.md). */
export type FindingCode = keyof typeof checkCodes | Extract<AkvErrorCode, `AKV_S${string}`>

/** Something that `check` reports about an object or a file. */
export interface Finding {
  /** Only problems make the exit code 1; with `--strict`, warnings do, too. */
  readonly severity: 'problem' | 'warning' | 'note'
  readonly code: FindingCode
  readonly message: string
  /** The annotation or field that the message is about. Absent if it is about the whole object or file. */
  readonly position?: FilePosition | undefined
}

/** Makes a finding of each problem, with its line in the object. `code` is for problems without a code of their own. */
export const problemFindings = (
  code: FindingCode,
  object: InDocument,
  problems: readonly Problem[],
): readonly Finding[] => findingsOf({ severity: 'problem', code }, object, problems)

/** Makes a finding of each warning, with its line in the object. */
export const warningFindings = (
  object: InDocument,
  warnings: readonly Problem[],
): readonly Finding[] =>
  findingsOf({ severity: 'warning', code: 'AKV_CHECK_WARNING' }, object, warnings)

const findingsOf = (
  kind: Pick<Finding, 'severity' | 'code'>,
  object: InDocument,
  problems: readonly Problem[],
): readonly Finding[] =>
  problems.map((problem) => ({
    ...kind,
    ...(problem.code !== undefined && { code: problem.code }),
    message: describeProblem(problem),
    position: findPosition(object, problem.path),
  }))

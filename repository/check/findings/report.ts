import type { ExitCode } from '../../../command/exit-code.ts'
import type { ScriptLine } from '../../../command/grants/script.ts'
import { positionOf } from '../../input/document/position-of.ts'
import { titleOf } from '../../input/objects/title-of.ts'
import type { FileError, FilePosition } from '../../input/text/file-error.ts'
import type { SkippedPath } from '../../input/text/find-files.ts'
import type { UncheckedFinding } from '../../input/unread/sort-out-skipped.ts'
import type { Finding } from './finding.ts'
import { addKind, countAll, type KindCounts } from './kind-counts.ts'
import { taskLines } from './task.ts'
import { countedKind, type Verdict } from './verdict.ts'

/** Everything that `check` reports, in whichever form it prints it. */
export interface CheckReport {
  readonly verdicts: readonly Verdict[]
  /** Files and folders that can't be read. */
  readonly errors: readonly FileError[]
  readonly skipped: readonly SkippedPath[]
  /** The finding that nothing in the files is of interest. */
  readonly nothing?: LocatedFinding
  /** A warning for each file and folder that isn't read, and has something to check. */
  readonly unchecked: readonly UncheckedFinding[]
  /** A warning for each placeholder without a value. */
  readonly placeholders: readonly Finding[]
  readonly sums: CheckSums
  /** The objects that the text only counts. */
  readonly counted: KindCounts
  /** The pod templates that akv-injector has nothing to do with, by the kinds of their objects. */
  readonly plainPods: KindCounts
  /** Commands and comments to paste into a shell before the manifests are applied. */
  readonly tasks: readonly ScriptLine[]
  readonly exitCode: ExitCode
}

export interface CheckSums {
  /** How many files were read. */
  readonly files: number
  /** Pods and pod templates. */
  readonly pods: number
  readonly problems: number
  readonly warnings: number
  /** Objects that `check` has nothing to say about. */
  readonly notLookedAt: number
}

/** Which findings a report keeps, and which make the exit code 1. */
export interface Strictness {
  /** Warnings make the exit code 1, too. */
  readonly strict?: boolean
  /** Keep only findings that make the exit code other than 0. */
  readonly quiet?: boolean
}

interface Checked
  extends Pick<CheckReport, 'verdicts' | 'errors' | 'skipped' | 'unchecked' | 'placeholders'> {
  /** If nothing in the files is of interest: a description of what was read. */
  readonly nothing?: string
  readonly files: number
  readonly pods: number
  /** The objects without a verdict. */
  readonly ignored: KindCounts
}

/**
 * Counts what was found, and decides the exit code (docs/specification.md, "Command line").
 *
 * @param options - `files`: the files and folders as given
 */
export function makeReport(
  checked: Checked,
  {
    strict = false,
    quiet = false,
    files: paths,
  }: Strictness & { readonly files: readonly string[] },
): CheckReport {
  const { verdicts, errors, skipped, unchecked, placeholders, files, pods, ignored } = checked
  const nothing = nothingFinding(checked, paths)
  const count = (severity: Finding['severity']) =>
    verdicts.flatMap(({ findings }) => findings.filter((finding) => finding.severity === severity))
      .length
  const sums = {
    files,
    pods,
    problems: count('problem') + errors.length,
    warnings:
      count('warning') + placeholders.length + unchecked.length + (nothing === undefined ? 0 : 1),
    notLookedAt:
      countAll(ignored) + verdicts.filter(({ outcome }) => outcome === 'not-looked-at').length,
  }
  const isWrong = sums.problems > 0 || (strict && sums.warnings > 0)
  const exitCode = errors.length > 0 ? 2 : isWrong ? 1 : 0
  const isKept = ({ severity }: Finding) =>
    !quiet || severity === 'problem' || (strict && severity === 'warning')
  return {
    verdicts: quiet ? verdicts.flatMap((verdict) => withoutDetails(verdict, isKept)) : verdicts,
    ...(nothing && isKept(nothing) && { nothing }),
    errors,
    skipped: quiet ? [] : skipped,
    unchecked: quiet && !strict ? [] : unchecked,
    placeholders: placeholders.filter(isKept),
    sums,
    counted: countedIn(verdicts, 'not-looked-at', ignored),
    plainPods: countedIn(verdicts, 'not-injected'),
    exitCode,
    tasks: quiet ? [] : taskLines(verdicts.flatMap(({ tasks = [] }) => tasks)),
  }
}

function countedIn(
  verdicts: readonly Verdict[],
  wanted: Verdict['outcome'],
  others?: KindCounts,
): KindCounts {
  const counts = new Map(others)
  for (const verdict of verdicts) {
    const kind = countedKind(verdict)
    if (kind !== undefined && verdict.outcome === wanted) addKind(counts, kind)
  }
  return counts
}

function withoutDetails(
  verdict: Verdict,
  isKept: (finding: Finding) => boolean,
): readonly Verdict[] {
  const findings = verdict.findings.filter(isKept)
  return findings.length > 0 ? [{ ...verdict, details: [], findings }] : []
}

/** With `--strict`, a pipeline that checks nothing fails. */
const nothingFinding = (
  { nothing }: Pick<Checked, 'nothing'>,
  [source = '-']: readonly string[],
): LocatedFinding | undefined =>
  nothing === undefined
    ? undefined
    : {
        severity: 'warning',
        code: 'AKV_CHECK_NOTHING',
        message: `nothing to check: ${nothing}`,
        at: { source },
      }

/** A finding with the object that it is about, for output formats that list findings. */
export interface LocatedFinding extends Finding {
  /** The object; absent if the finding is about a file. */
  readonly title?: string
  /** The namespace of the object. */
  readonly namespace?: string
  /** The line of the finding, or else of the object. A file that can't be read has no line. */
  readonly at: Pick<FilePosition, 'source'> & Partial<FilePosition>
}

/** Lists all findings, with those about files and placeholders first. */
export function locatedFindings({
  verdicts,
  errors,
  nothing,
  unchecked,
  placeholders,
}: CheckReport): readonly LocatedFinding[] {
  return [
    ...(nothing === undefined ? [] : [nothing]),
    ...unchecked,
    ...errors.map(({ position, sentence }) => ({
      severity: 'problem' as const,
      code: 'AKV_CHECK_FILE' as const,
      message: sentence,
      at: position,
    })),
    ...placeholders.flatMap((finding) =>
      finding.position ? { ...finding, at: finding.position } : [],
    ),
    ...verdicts.flatMap(({ subject, findings }) =>
      findings.map((finding) => ({
        ...finding,
        title: titleOf(subject),
        namespace: subject.namespace,
        at: finding.position ?? positionOf(subject.manifest, subject.path),
      })),
    ),
  ]
}

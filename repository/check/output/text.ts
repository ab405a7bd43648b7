import { styleText } from 'node:util'
import { printScript } from '../../../command/grants/print-script.ts'
import { countOf } from '../../../lib/count-of.ts'
import { printable } from '../../../lib/printable.ts'
import { foldWidth } from '../../../lib/terminal/fold-width.ts'
import { titleOf } from '../../input/objects/title-of.ts'
import { describeSource } from '../../input/text/file-error.ts'
import { uncheckedLine } from '../../input/unread/sort-out-skipped.ts'
import type { Finding } from '../findings/finding.ts'
import { countAll, type KindCounts } from '../findings/kind-counts.ts'
import type { CheckReport, CheckSums } from '../findings/report.ts'
import { countedKind, type Verdict } from '../findings/verdict.ts'

type Output = NodeJS.WritableStream & Parameters<typeof foldWidth>[0]
type Format = Parameters<typeof styleText>[0]
type Style = (format: Format, text: string) => string

/**
 * Prints a report for people, with colours on a terminal. Colours repeat what the words say.
 *
 * @param stream - colours depend on the stream, NO_COLOR and FORCE_COLOR
 * @param options - `quiet`: without the sums
 */
export function printText(
  report: CheckReport,
  stream: Output,
  { quiet = false }: { readonly quiet?: boolean | undefined },
): void {
  // Only this function writes control characters, so all text is made printable.
  const style: Style = (format, text) => styleText(format, plain(text), { stream })
  // Printed in parts, because the whole text as one string would take several times its size in memory.
  let part: string[] = []
  for (const line of separated(blocksOf(report, { style, quiet, width: foldWidth(stream) }))) {
    part.push(`${line}\n`)
    if (part.length < 1000) continue
    stream.write(part.join(''))
    part = []
  }
  stream.write(part.join(''))
}

const plain = (text: string): string => printable(text, Number.POSITIVE_INFINITY)

function* blocksOf(
  { verdicts, placeholders, tasks, sums, counted, plainPods, nothing, unchecked }: CheckReport,
  {
    style,
    quiet,
    width,
  }: { readonly style: Style; readonly quiet: boolean; readonly width: number | undefined },
): Generator<readonly string[]> {
  if (nothing) yield [style('yellow', `warning: ${nothing.message}`)]
  yield unchecked.map((finding) => style('yellow', uncheckedLine(finding)))
  const isFolded = countAll(plainPods) > maxPlain
  const left = leftObjects(verdicts)
  const isLeftFolded = countAll(left) > maxPlain
  const isShown = (verdict: Verdict) =>
    countedKind(verdict) === undefined ||
    (verdict.outcome === 'not-injected' ? !isFolded : isLeft(verdict) && !isLeftFolded)
  for (const verdict of verdicts) if (isShown(verdict)) yield verdictLines(verdict, style)
  yield placeholderLines(placeholders, style)
  yield taskLines(tasks, width)
  const podCounts = isFolded ? countedLines(plainPods, 'pod template', plainReason) : []
  const counts = countedLines(counted, 'object', 'without a pod template')
  const leftCounts = isLeftFolded ? leftLines(left) : []
  if (!quiet)
    yield [...leftCounts, ...podCounts, ...counts, style(sumsFormat(sums), sumsLine(sums))]
}

/** Puts an empty line between two blocks, unless each is a single line. */
function* separated(blocks: Iterable<readonly string[]>): Generator<string> {
  let previous = 0
  for (const lines of blocks) {
    if (lines.length === 0) continue
    if (previous > 0 && previous + lines.length > 2) yield ''
    yield* lines
    previous = lines.length
  }
}

function verdictLines(verdict: Verdict, style: Style): readonly string[] {
  const { subject, sentence, details, findings } = verdict
  const title = `${titleOf(subject)} (${describeSource(subject.manifest.source)}): ${sentence}`
  return [
    style(titleFormat(verdict), title),
    ...details.map((line) => plain(`  ${line}`)),
    ...findings
      .filter(({ severity }) => severity !== 'note')
      .map((finding) => findingLine(finding, style)),
  ]
}

/** Red for a problem, yellow for a warning, green for what would work, and no colour for what wouldn't happen at all. */
function titleFormat({ findings, outcome }: Verdict): Format {
  if (findings.some(({ severity }) => severity === 'problem')) return ['bold', 'red']
  if (findings.some(({ severity }) => severity === 'warning')) return ['bold', 'yellow']
  return working.has(outcome) ? ['bold', 'green'] : 'bold'
}

const working: ReadonlySet<Verdict['outcome']> = new Set([
  'injected',
  'served',
  'synced',
  'adopted',
])

function findingLine({ severity, message, position }: Finding, style: Style): string {
  const line = position === undefined ? '' : `line ${position.line}: `
  return severity === 'problem'
    ? style('red', `  problem: ${line}${message}`)
    : style('yellow', `  warning: ${line}${message}`)
}

/** The warnings about placeholders, below a heading. */
const placeholderLines = (placeholders: readonly Finding[], style: Style): readonly string[] =>
  placeholders.length === 0
    ? []
    : [
        'placeholders without a value; pass --set NAME=VALUE or --from-env-file FILE:',
        ...placeholders.map(({ message, position }) => {
          const where =
            position === undefined ? '' : `${describeSource(position.source)}:${position.line}: `
          return style('yellow', `  warning: ${where}${message}`)
        }),
      ]

/** The commands to run first, below a heading. */
const taskLines = (tasks: CheckReport['tasks'], width: number | undefined): readonly string[] =>
  tasks.length === 0
    ? []
    : [
        'to do before you apply these manifests, unless already done:',
        ...printScript(tasks, { width: width && width - 2 }).map((line) => `  ${plain(line)}`),
      ]

/** More pods than these, or more objects of the External Secrets Operator, are only counted if akv-injector has nothing to do with them. */
const maxPlain = 5
const plainReason = 'not injected, without akv-injector.io annotations'

const isLeft = ({ outcome }: Verdict): boolean =>
  outcome === 'not-synced' || outcome === 'not-served'

/** Counts what is left to the External Secrets Operator by kind and reason, which names the store. */
function leftObjects(verdicts: readonly Verdict[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const verdict of verdicts) {
    const kind = countedKind(verdict)
    if (kind === undefined || !isLeft(verdict)) continue
    const key = JSON.stringify([kind, verdict.sentence])
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

function leftLines(left: ReadonlyMap<string, number>): readonly string[] {
  const sorted = [...left].toSorted(([, one], [, other]) => other - one)
  const lines = sorted.slice(0, maxKinds).map(([key, count]) => {
    const [kind, sentence]: readonly [string, string] = JSON.parse(key)
    return plain(`${countOf(count, kind)} ${sentence}`)
  })
  const rest = sorted.slice(maxKinds).reduce((sum, [, count]) => sum + count, 0)
  return rest === 0
    ? lines
    : [...lines, `${countOf(rest, 'more object')} left to the operator; --output json lists them`]
}

/** The most common kinds of objects that are only counted. */
function countedLines(counted: KindCounts, what: string, why: string): readonly string[] {
  if (counted.size === 0) return []
  const kinds = [...counted]
    .toSorted(([one, count], [other, otherCount]) => otherCount - count || (one < other ? -1 : 1))
    .map(([kind, count]) => `${count} ${printable(kind)}`)
  const rest =
    kinds.length > maxKinds ? ` and ${countOf(kinds.length - maxKinds, 'other kind')}` : ''
  const sum = countAll(counted)
  return [`${countOf(sum, what)} ${why}: ${kinds.slice(0, maxKinds).join(', ')}${rest}`]
}

const maxKinds = 8

const sumsFormat = ({ problems, warnings }: CheckSums): Format => {
  if (problems > 0) return ['bold', 'red']
  return warnings > 0 ? ['bold', 'yellow'] : ['bold', 'green']
}

/** The last line: `2 files, 3 pods checked, 1 problem, 0 warnings, 4 objects not looked at`. */
export function sumsLine({ files, pods, problems, warnings, notLookedAt }: CheckSums): string {
  return [
    countOf(files, 'file'),
    `${countOf(pods, 'pod')} checked`,
    countOf(problems, 'problem'),
    countOf(warnings, 'warning'),
    `${countOf(notLookedAt, 'object')} not looked at`,
  ].join(', ')
}

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { ExitCode } from '../command/exit-code.ts'
import { InputError } from '../command/input-error.ts'
import type { Clock } from '../lib/clock.ts'
import { reasonOf } from '../lib/reason-of.ts'
import { printLines } from '../lib/terminal/print-lines.ts'
import type { AzureAccount } from './azure/account.ts'
import { describeAzureRights, findMissingRights } from './azure/rights.ts'
import { checkInstall } from './install/check-install.ts'
import { describePlan, refusalOfRun } from './plan/describe-plan.ts'
import type { Facts } from './plan/facts.ts'
import type { Made } from './plan/made.ts'
import type { ProofAzure } from './plan/proof-azure.ts'
import type { ProofPlan, Resource } from './plan/resource.ts'
import { removeAll, survey } from './plan/run-plan.ts'
import { type RunState, unknownTo } from './plan/run-state.ts'
import { makeProofReport, type RawReport, type Report } from './report/report.ts'
import { reportMarkdown, sumOf } from './report/report-text.ts'
import { runProof } from './run-proof.ts'
import type { Scenario } from './scenarios/scenario.ts'
import type { Stops } from './stops.ts'
import type { ToolsFor } from './tools/tools.ts'

interface Run {
  readonly options: {
    readonly report: string
    readonly timeout: number
    readonly yes?: boolean
    readonly keep?: boolean
    readonly clean?: boolean
    readonly also?: readonly string[]
  }
  readonly azure: ProofAzure
  /** Undefined with an emulator. */
  readonly account: AzureAccount | undefined
  readonly facts: Facts
  readonly recordsAnswers: boolean
  readonly plan: ProofPlan
  readonly scenariosFor: (made: Made) => readonly Scenario[]
  readonly state: RunState
  /** Where things are made, in lines for people. */
  readonly where: readonly string[]
  readonly stateFile: string
  readonly clock: Clock
  readonly stops: Stops
  readonly toolsFor: ToolsFor
}

/**
 * One run: says what it will do, asks, removes what an earlier run has left, makes and tries everything, removes it and reports.
 *
 * @throws InputError if nobody can be asked
 */
export async function carryOut(run: Run): Promise<ExitCode> {
  const { options, plan, stops, account } = run
  const found = await survey(plan, run.toolsFor(stops.work))
  // Something that can't be seen doesn't keep the rest from being removed, and is listed as left.
  const refusal = refusalOfRun(
    found.filter(({ presence }) => !options.clean || presence !== 'unknown'),
  )
  if (refusal !== undefined) return fail(refusal)
  if (options.clean) return await clean(run)
  const { install } = run.facts
  const check = install && (await checkInstall(install, run.toolsFor(stops.work)))
  if (check?.kind === 'refused') return fail(check.reason)
  const missing = account && (await findMissingRights(run.toolsFor(stops.work), account))
  const rights = account === undefined ? [] : describeAzureRights(missing, account)
  printLines(process.stdout, [
    ...[...describePlan(found, options.keep), ...run.where],
    ...[...rights, sizeText(run)],
  ])
  if (missing !== undefined && missing.length > 0)
    return fail('you don’t have all rights that it needs. Nothing was changed')
  if (!(await isAgreed(options, stops.work))) return fail('nothing was made')
  const earlier = found.some(({ presence }) => presence === 'present') ? await clear(run) : []
  if (earlier.length > 0) return fail(leftText(earlier))
  try {
    const proof = await runProof({
      ...{ ...run, charts: check?.versions, timeoutMs: options.timeout * 1000 },
      tools: run.toolsFor(stops.work),
      makingTools: run.toolsFor(stops.removal, stops.work),
    })
    const left = await clearOwn(run)
    return report(run, { ...proof, left: left.map(({ kind }) => kind) }, left)
  } catch (error) {
    // A full disk, for example. What was made is removed all the same.
    const left = await clearOwn(run)
    const end = left.length > 0 ? leftText(left) : 'nothing that it made is left'
    return fail(`can’t go on: ${reasonOf(error)}; ${options.keep ? 'all is left (--keep)' : end}`)
  }
}

/** Removes what this run has begun to make: another one may have begun, too, and has what this one hasn't made. */
async function clearOwn(run: Run): Promise<readonly Resource[]> {
  if (run.options.keep) return []
  return await clear({ ...run, plan: run.plan.filter((resource) => run.state.isBegun(resource)) })
}

function report(run: Run, raw: RawReport, left: readonly Resource[]): ExitCode {
  const { options, plan, stateFile } = run
  const made = makeProofReport(raw)
  writeFileSync(join(options.report, 'report.json'), `${JSON.stringify(made, null, 2)}\n`)
  writeFileSync(join(options.report, 'report.md'), reportMarkdown(made, scenariosOf(run)))
  printLines(process.stdout, [
    `${sumOf(made.scenarios)}; ${join(options.report, 'report.md')} has the report`,
    ...(left.length > 0 ? [leftText(left)] : []),
    ...unknownTo(plan, stateFile).map(
      (key) => `an earlier run has made something that this one doesn’t know: ${key}`,
    ),
  ])
  return isWell(made) && left.length === 0 ? 0 : 1
}

const isWell = ({ end, scenarios }: Report): boolean =>
  end === 'finished' && scenarios.every(({ result }) => result !== 'failed')

async function clean(run: Run): Promise<ExitCode> {
  const left = await clear(run)
  const unknown = unknownTo(run.plan, run.stateFile)
  if (left.length > 0) return fail(leftText(left))
  if (unknown.length > 0) return fail(`this run doesn’t know how to look for ${unknown.join(', ')}`)
  printLines(process.stdout, ['nothing of prove is left', ...run.where])
  return 0
}

const clear = ({ plan, state, stops, toolsFor }: Run): Promise<readonly Resource[]> =>
  removeAll(plan, { tools: toolsFor(stops.removal), state })

function leftText(left: readonly Resource[]): string {
  const names = left.map(({ kind, name }) => `${kind} ${name}`).join(', ')
  const isNameKept = left.some(({ kind }) => kind === 'deleted-vault')
  const more = isNameKept ? ', or choose another name with --vault until Azure frees this one' : ''
  return `these could not be removed: ${names}; run it again with --clean${more}`
}

const scenariosOf = ({ scenariosFor, azure }: Run): readonly Scenario[] => scenariosFor(azure.known)

const sizeText = (run: Run): string =>
  `It runs ${scenariosOf(run).length} scenarios; those that the install doesn’t allow are skipped.`

function fail(line: string): ExitCode {
  printLines(process.stderr, [`akv-injector prove: ${line}`])
  return 1
}

/** Asks on a terminal. A pipeline has to say `--yes`. */
async function isAgreed(
  { yes }: { readonly yes?: boolean },
  signal: AbortSignal,
): Promise<boolean> {
  if (yes) return !signal.aborted
  if (!process.stdin.isTTY)
    throw new InputError('nobody can be asked without a terminal; add --yes')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question('Go on? (y/N) ', { signal })).trim())
  } catch {
    return false
  } finally {
    terminal.close()
  }
}

import type { Clock } from '../lib/clock.ts'
import { reasonOf } from '../lib/reason-of.ts'
import type { JsonObject } from '../lib/shape.ts'
import { printLines } from '../lib/terminal/print-lines.ts'
import { version } from '../lib/version.ts'
import { installSource, subscriptionSource } from './answers/answer-sources.ts'
import type { AnswerLine } from './answers/compare-answers.ts'
import { tryAnswers } from './answers/try-answers.ts'
import type { AzureAccount } from './azure/account.ts'
import type { ChartVersions } from './install/check-install.ts'
import type { Facts } from './plan/facts.ts'
import type { Made } from './plan/made.ts'
import type { ProofAzure } from './plan/proof-azure.ts'
import type { ProofPlan } from './plan/resource.ts'
import { makeAll } from './plan/run-plan.ts'
import type { RunState } from './plan/run-state.ts'
import { answersText } from './report/answers-text.ts'
import type { RawReport, ScenarioLine } from './report/report.ts'
import { lineText } from './report/report-text.ts'
import { type FoundInstall, readInstall } from './scenarios/find-requirements.ts'
import { runScenario } from './scenarios/run-scenario.ts'
import { gateIds, type Requirement, type Scenario } from './scenarios/scenario.ts'
import type { Stops } from './stops.ts'
import type { Tools } from './tools/tools.ts'

interface ProofOptions {
  readonly azure: ProofAzure
  /** Undefined with an emulator. */
  readonly account: AzureAccount | undefined
  readonly facts: Facts
  /** Undefined if the run installs none. */
  readonly charts: ChartVersions | undefined
  readonly plan: ProofPlan
  readonly scenariosFor: (made: Made) => readonly Scenario[]
  readonly state: RunState
  readonly tools: Tools
  /**
   * Makes the plan. The first Ctrl-C doesn't end a call of these: Azure may go on with what a killed `az` has asked for, and what
   * appears after the removal has looked would be left.
   */
  readonly makingTools: Tools
  readonly clock: Clock
  readonly stops: Pick<Stops, 'work'>
  readonly options: { readonly also?: readonly string[] }
  /** Whether Azure's answers are recorded. */
  readonly recordsAnswers: boolean
  readonly timeoutMs: number
}

/** Makes what the plan has, and runs the scenarios one after the other. Removes nothing of the plan. */
export async function runProof(proof: ProofOptions): Promise<Omit<RawReport, 'left'>> {
  const { azure, facts, charts, plan, tools, makingTools, state, clock, stops } = proof
  const abort = stops.work
  const { installNamespace } = facts
  const isOwn = facts.install !== undefined
  const about = (install?: FoundInstall) => ({ ...aboutRun(install, charts), azure: azure.kind })
  const before = isOwn ? undefined : await readInstall(tools, installNamespace)
  if (!isOwn && before === undefined && !abort.aborted) {
    printLines(process.stdout, [
      `kubectl finds no Deployment akv-injector-webhook in the namespace ${installNamespace}, or you may not read it. Nothing was made; check the context and --install-namespace, or install a chart for the run with --chart`,
    ])
    return { ...about(), end: 'no-install' }
  }
  const { made, missing } = await makeAll(plan, azure.known, {
    ...{ tools: makingTools, state, clock, abort },
  })
  if (missing !== undefined && !abort.aborted) {
    printLines(process.stdout, [
      `the ${missing.kind} ${missing.name} could not be made, or exists meanwhile; private/calls.log in the folder of the report has what the programs said`,
    ])
    return { ...about(before), end: 'not-made', missing: missing.kind }
  }
  const install = before ?? (abort.aborted ? undefined : await readInstall(tools, installNamespace))
  const has = new Set<Requirement>([...(install?.has ?? []), `${azure.kind}-azure`])
  const isLast = ({ takesVault }: Scenario) => takesVault !== undefined
  const all = abort.aborted ? [] : proof.scenariosFor(made)
  const first = await runScenarios(
    all.filter((one) => !isLast(one)),
    { has, before: [] },
    proof,
  )
  const answers = await answersOf(proof, made, first)
  const last = await runScenarios(all.filter(isLast), { has, before: first }, proof)
  const scenarios = [...first, ...last].map((line): JsonObject => ({ ...line }))
  return {
    ...about(install),
    ...{ end: abort.aborted ? 'interrupted' : 'finished', scenarios, answers },
  }
}

const aboutRun = (install?: FoundInstall, charts?: ChartVersions) => ({
  cluster: install?.isAks ? 'aks' : 'other',
  versions: { akvInjector: version, kubernetes: install?.kubernetes, ...charts },
  nodes: install?.nodes,
  scenarios: [],
})

/** Undefined if they aren't recorded. */
async function answersOf(
  proof: ProofOptions,
  made: Made,
  lines: readonly ScenarioLine[],
): Promise<readonly AnswerLine[] | undefined> {
  const { account, azure, tools, clock, facts, options, stops } = proof
  const abort = stops.work
  if (!proof.recordsAnswers || isShut(lines) || abort.aborted) return undefined
  const about = { tools, made, vaultName: azure.vaultName }
  const throttles = options.also?.includes('throttled') === true
  try {
    const source =
      account === undefined
        ? await installSource(about)
        : subscriptionSource(account.tenantId, about)
    const answers = await tryAnswers({ source, azure, facts, tools, clock, abort, throttles })
    if (abort.aborted) return undefined
    printLines(process.stdout, answersText(answers))
    return answers
  } catch (error) {
    // What the scenarios have shown is reported all the same.
    printLines(process.stderr, [`the answers could not be recorded: ${reasonOf(error)}`])
    return undefined
  }
}

/** Whether a scenario failed that the others need. */
const isShut = (lines: readonly ScenarioLine[]): boolean =>
  lines.some(({ id, result }) => gateIds.includes(id) && result === 'failed')

interface Preconditions {
  /** What the install has. */
  readonly has: ReadonlySet<Requirement>
  /** What was run before these. */
  readonly before: readonly ScenarioLine[]
}

/** @returns a line for each that was run or skipped, without those before */
async function runScenarios(
  scenarios: readonly Scenario[],
  { has, before }: Preconditions,
  proof: ProofOptions,
): Promise<readonly ScenarioLine[]> {
  const abort = proof.stops.work
  const lines: ScenarioLine[] = []
  for (const scenario of scenarios) {
    if (abort.aborted) break
    const { id, requires } = scenario
    const isPossible =
      !isShut([...before, ...lines]) && (requires === undefined || has.has(requires))
    const line: ScenarioLine = isPossible
      ? { id, ...(await runScenario(scenario, { ...proof, abort })) }
      : { id, result: 'skipped' }
    lines.push(line)
    printLines(process.stdout, [lineText(line)])
  }
  return lines
}

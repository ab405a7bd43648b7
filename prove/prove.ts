import { join } from 'node:path'
import type { ExitCode } from '../command/exit-code.ts'
import { InputError } from '../command/input-error.ts'
import { openPrivateFolder } from '../command/private-folder.ts'
import { systemClock } from '../lib/clock.ts'
import { reasonOf } from '../lib/reason-of.ts'
import { withoutAbsent } from '../lib/shape.ts'
import { printLines } from '../lib/terminal/print-lines.ts'
import { type AzureAccount, moduleKinds } from './azure/account.ts'
import { realAzure } from './azure/azure-plan.ts'
import { readAzureAccount } from './azure/read-azure-account.ts'
import { carryOut } from './carry-out.ts'
import { installResource } from './install/install-resource.ts'
import { ownNamespace } from './install/own-install.ts'
import { readOwnInstall } from './install/read-own-install.ts'
import { checkOptions, type ProveOptions, readControlUrl } from './options.ts'
import { emulatedAzure } from './plan/emulated-plan.ts'
import { type Facts, newValues } from './plan/facts.ts'
import type { ProofAzure } from './plan/proof-azure.ts'
import { openRunState } from './plan/run-state.ts'
import { allScenarios } from './scenarios/all-scenarios.ts'
import { gateIds, installScenarioIds, onRequestIds } from './scenarios/scenario.ts'
import { handleSignals, outliveOutput, type Stops } from './stops.ts'
import { foreseePrompts } from './tools/foresee-prompts.ts'
import { startTools } from './tools/start-tools.ts'
import type { Tools, ToolsFor } from './tools/tools.ts'

/**
 * `akv-injector prove`: says what it makes, makes it, runs the scenarios, writes a report and removes everything. Returns 0 if no
 * scenario failed and nothing is left (docs/prove.md).
 *
 * @throws InputError if an option is invalid, or nobody can be asked
 */
export async function prove(options: ProveOptions): Promise<ExitCode> {
  checkOptions(options)
  const install = readOwnInstall(options)
  const folder = privateFolder(options.report)
  const restoreOutput = outliveOutput()
  const stops = handleSignals(() =>
    printLines(process.stderr, [
      'stopping; what was made is removed. Press Ctrl-C again to leave it',
    ]),
  )
  try {
    const context = options.context ?? (await currentContext(toolsIn(folder, options)(stops.work)))
    const toolsFor = toolsIn(folder, { ...options, ...(context !== undefined && { context }) })
    const warning = await foreseePrompts(toolsFor(stops.work))
    if (warning !== undefined) printLines(process.stderr, [warning])
    const account =
      options.resourceGroup === undefined ? undefined : await accountOf(options, toolsFor, stops)
    const azure = account === undefined ? emulatedAzure : realAzure(account, options.vault)
    const facts: Facts = {
      image: options.image,
      installNamespace: install === undefined ? options.installNamespace : ownNamespace,
      ...(install !== undefined && { install }),
      ...{ vaultName: azure.vaultName, values: newValues() },
    }
    return await carryOut({
      ...{ options, azure, account, stops, toolsFor, facts },
      recordsAnswers: options.only === undefined || options.only.includes('answers'),
      where: placesOf(options, account, context),
      plan: [
        installResource(install, install !== undefined || options.clean === true),
        ...azure.plan(facts),
      ],
      scenariosFor: (made) =>
        allScenarios({ ...facts, ...made }).filter((scenario) =>
          isChosen(scenario, options, azure),
        ),
      stateFile: join(folder, 'state.json'),
      state: openRunState(join(folder, 'state.json')),
      clock: systemClock,
    })
  } finally {
    stops.restore()
    restoreOutput()
  }
}

/**
 * The context that all calls name, because somebody may choose another one while the command runs. Undefined if the kubeconfig names
 * none, as in a pod.
 */
async function currentContext(tools: Tools): Promise<string | undefined> {
  const { code, stdout } = await tools.run({ tool: 'kubectl', args: ['config', 'current-context'] })
  return (code === 0 && stdout.trim()) || undefined
}

/** Where a run makes and removes things, for whoever has to agree to it. */
const placesOf = (
  { emulated }: ProveOptions,
  account: AzureAccount | undefined,
  context: string | undefined,
): readonly string[] => [
  context === undefined
    ? 'Cluster: the one that kubectl uses without a context'
    : `Cluster: context ${context}`,
  account === undefined
    ? `Azure: the emulator at ${emulated}`
    : `Azure: resource group ${account.resourceGroup}, subscription ${account.subscriptionId}`,
]

/** A scenario that the others need runs always, and one that costs more only if it is named. */
function isChosen(
  { id, requires, takesVault }: ReturnType<typeof allScenarios>[number],
  { chart, upgradeFrom, only, also = [], keep }: ProveOptions,
  azure: ProofAzure,
): boolean {
  if (requires?.endsWith('-azure') && requires !== `${azure.kind}-azure`) return false
  if (requires === 'identity-binding' && !azure.hasBinding) return false
  if (keep && takesVault === 'for-good') return false
  if (chart === undefined && installScenarioIds.includes(id)) return false
  if (upgradeFrom === undefined && id === 'upgraded') return false
  if (gateIds.includes(id) || also.includes(id)) return true
  return only === undefined ? !onRequestIds.includes(id) : only.includes(id)
}

const accountOf = (
  { resourceGroup = '', subscription, issuer, aks, aksGroup, clean, ...options }: ProveOptions,
  toolsFor: ToolsFor,
  { work }: Stops,
): Promise<AzureAccount> =>
  readAzureAccount(toolsFor(work), {
    resourceGroup,
    ...(subscription !== undefined && { subscription }),
    ...(issuer !== undefined && { issuer }),
    ...(aks !== undefined && { aks: { name: aks, resourceGroup: aksGroup ?? resourceGroup } }),
    // Removing needs no issuer, so it also works if the cluster is gone. main.bicep asks AKS for it.
    ...((clean || options.with === 'bicep') && { issuer: 'https://unused.invalid' }),
    // The plan of Bicep has all that any of the ways makes, so --clean finds it whichever was used.
    ...withoutAbsent({
      modules: clean ? 'bicep' : moduleKinds.find((kind) => kind === options.with),
    }),
  })

function toolsIn(folder: string, { emulated, kubeconfig, context }: ProveOptions): ToolsFor {
  let files = 0
  return (abort, abortWaiting = abort) =>
    startTools({
      ...{ folder, abort, abortWaiting, clock: systemClock },
      nextFile: () => `objects-${files++}.json`,
      isAttended: process.stdin.isTTY === true,
      say: (line) => printLines(process.stderr, [line]),
      ...(emulated !== undefined && { controlUrl: readControlUrl(emulated) }),
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    })
}

/** Makes the folder of the report, and the private one in it. What is in there has the values of the run. */
function privateFolder(report: string): string {
  try {
    return openPrivateFolder(join(report, 'private'))
  } catch (error) {
    throw new InputError(`--report: can’t use this folder: ${reasonOf(error)}`)
  }
}

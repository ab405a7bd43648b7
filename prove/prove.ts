import { join } from 'node:path'
import type { ExitCode } from '../command/exit-code.ts'
import { InputError } from '../command/input-error.ts'
import { openPrivateFolder } from '../command/private-folder.ts'
import { systemClock } from '../lib/clock.ts'
import { reasonOf } from '../lib/reason-of.ts'
import { printLines } from '../lib/terminal/print-lines.ts'
import type { AzureAccount } from './azure/account.ts'
import { realAzure } from './azure/azure-plan.ts'
import { readAzureAccount } from './azure/read-azure-account.ts'
import { carryOut } from './carry-out.ts'
import { installResource } from './install/install-resource.ts'
import { ownNamespace } from './install/own-install.ts'
import { readOwnInstall } from './install/read-own-install.ts'
import { emulatedAzure } from './plan/emulated-plan.ts'
import { type Facts, newValues } from './plan/facts.ts'
import type { ProofAzure } from './plan/proof-azure.ts'
import { openRunState } from './plan/run-state.ts'
import { allScenarios } from './scenarios/all-scenarios.ts'
import { gateIds, installScenarioIds, onRequestIds, scenarioIds } from './scenarios/scenario.ts'
import { handleSignals, outliveOutput, type Stops } from './stops.ts'
import { startTools } from './tools/start-tools.ts'
import type { Tools, ToolsFor } from './tools/tools.ts'

interface ProveOptions {
  /** The URL of the emulator's control interface. Either this or a resource group is given. */
  readonly emulated?: string
  readonly resourceGroup?: string
  readonly subscription?: string
  /** The name of the vault, instead of the one that belongs to the resource group. */
  readonly vault?: string
  readonly issuer?: string
  /** The AKS cluster, for its identity binding, and its resource group. Default: the resource group of the run. */
  readonly aks?: string
  readonly aksGroup?: string
  /** The chart that the run installs, and files with its values. */
  readonly chart?: string
  readonly values?: readonly string[]
  /** The chart that an upgrade begins with. */
  readonly upgradeFrom?: string
  readonly kubeconfig?: string
  readonly context?: string
  readonly installNamespace: string
  readonly image: string
  readonly only?: readonly string[]
  /** Scenarios that run only if they are named. */
  readonly also?: readonly string[]
  /** The folder of the report. */
  readonly report: string
  /** How long a look may take, in seconds. */
  readonly timeout: number
  readonly yes?: boolean
  readonly keep?: boolean
  readonly clean?: boolean
}

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
  { resourceGroup = '', subscription, issuer, aks, aksGroup, clean }: ProveOptions,
  toolsFor: ToolsFor,
  { work }: Stops,
): Promise<AzureAccount> =>
  readAzureAccount(toolsFor(work), {
    resourceGroup,
    ...(subscription !== undefined && { subscription }),
    ...(issuer !== undefined && { issuer }),
    ...(aks !== undefined && { aks: { name: aks, resourceGroup: aksGroup ?? resourceGroup } }),
    // Removing needs none, so it also works if the cluster is gone.
    ...(clean && { issuer: 'https://unused.invalid' }),
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

/** Before anything is looked at. */
function checkOptions({
  emulated,
  resourceGroup,
  chart,
  upgradeFrom,
  vault,
  aks,
  aksGroup,
  only = [],
  also = [],
  keep,
}: ProveOptions): void {
  if ((emulated === undefined) === (resourceGroup === undefined))
    throw new InputError(
      'expected either --resource-group, for a subscription, or --emulated, for an emulator',
    )
  if (emulated !== undefined) readControlUrl(emulated)
  if (aks !== undefined && (emulated !== undefined || !/^[a-z0-9][\w-]{0,62}$/i.test(aks)))
    throw new InputError(
      `--aks: found ${JSON.stringify(aks.slice(0, 80))}; expected the name of an AKS cluster, with --resource-group`,
    )
  // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
  if (vault !== undefined && (vault.length > 24 || !/^[a-z](?:-?[a-z0-9]){2,}$/.test(vault)))
    throw new InputError(
      `--vault: found ${JSON.stringify(vault.slice(0, 80))}; expected 3 to 24 lower-case letters, digits and single hyphens`,
    )
  const ids: readonly string[] = [...scenarioIds, 'answers']
  for (const id of only)
    if (!ids.includes(id))
      throw new InputError(
        `--only: unknown scenario ${JSON.stringify(id.slice(0, 80))}; accepted: ${ids.join(', ')}`,
      )
  const onRequest: readonly string[] = onRequestIds
  for (const id of also)
    if (!onRequest.includes(id))
      throw new InputError(
        `--also: found ${JSON.stringify(id.slice(0, 80))}; accepted: ${onRequestIds.join(', ')}`,
      )
  const named = [...only, ...also]
  const refused = [
    keep && named.includes('vault-deleted') && '--only: vault-deleted can’t run with --keep',
    chart === undefined &&
      installScenarioIds.some((id) => named.includes(id)) &&
      `--only: ${installScenarioIds.join(', ')} need --chart, and a cluster without akv-injector`,
    upgradeFrom === undefined &&
      named.includes('upgraded') &&
      '--only: upgraded needs --upgrade-from',
    aks === undefined &&
      named.includes('identity-binding') &&
      '--only: identity-binding needs --aks',
    emulated === undefined && only.includes('throttled') && '--only: throttled needs --emulated',
    aks === undefined &&
      aksGroup !== undefined &&
      '--aks-group: needs --aks, whose resource group it is',
  ].find((problem) => typeof problem === 'string')
  if (refused !== undefined) throw new InputError(refused)
}

/** The emulator serves its control interface on loopback only. */
function readControlUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname))
    return url.origin
  throw new InputError(
    `--emulated: found ${JSON.stringify(text)}; expected the URL of an emulator’s control interface, such as http://127.0.0.1:8445`,
  )
}

/** Makes the folder of the report, and the private one in it. What is in there has the values of the run. */
function privateFolder(report: string): string {
  try {
    return openPrivateFolder(join(report, 'private'))
  } catch (error) {
    throw new InputError(`--report: can’t use this folder: ${reasonOf(error)}`)
  }
}

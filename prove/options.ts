import { InputError } from '../command/input-error.ts'
import { installScenarioIds, onRequestIds, scenarioIds } from './scenarios/scenario.ts'

export interface ProveOptions {
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
  /** Makes the identities with a module instead of commands. */
  readonly with?: string
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
 * Refuses mistakes before anything is looked at.
 *
 * @throws InputError if an option is invalid, or doesn't go with another one
 */
export function checkOptions({
  emulated,
  resourceGroup,
  chart,
  upgradeFrom,
  vault,
  aks,
  aksGroup,
  issuer,
  with: modules,
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
    emulated !== undefined && modules !== undefined && '--with: needs --resource-group',
    aks === undefined &&
      modules === 'bicep' &&
      '--with: bicep needs --aks, because main.bicep asks the AKS cluster for its issuer',
    issuer !== undefined &&
      modules === 'bicep' &&
      '--issuer: can’t be used with --with bicep, because main.bicep asks the AKS cluster',
    aks === undefined &&
      aksGroup !== undefined &&
      '--aks-group: needs --aks, whose resource group it is',
  ].find((problem) => typeof problem === 'string')
  if (refused !== undefined) throw new InputError(refused)
}

/**
 * The emulator serves its control interface on loopback only.
 *
 * @throws InputError if it is another URL
 */
export function readControlUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname))
    return url.origin
  throw new InputError(
    `--emulated: found ${JSON.stringify(text)}; expected the URL of an emulator’s control interface, such as http://127.0.0.1:8445`,
  )
}

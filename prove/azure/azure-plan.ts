import type { Facts } from '../plan/facts.ts'
import { nothingMade } from '../plan/made.ts'
import { namespaceResource } from '../plan/namespace-resource.ts'
import type { ProofAzure, VaultChange } from '../plan/proof-azure.ts'
import type { ProofPlan, Resource } from '../plan/resource.ts'
import type { ToolCall } from '../tools/tools.ts'
import type { AzureAccount } from './account.ts'
import { azCall, azureMark, inGroup, inSubscription } from './az-calls.ts'
import { vaultNameOf } from './azure-names.ts'
import { bicepResources } from './bicep-resources.ts'
import { bindingRights, identityResources } from './identity-resources.ts'
import { terraformResources } from './terraform-resources.ts'
import { vaultResource } from './vault-resource.ts'

/** The Azure of a resource group. Nothing outside of it is made, but a deleted vault keeps its name in the subscription. */
export function realAzure(account: AzureAccount, name = vaultNameOf(account)): ProofAzure {
  return {
    kind: 'real',
    hasBinding: account.aks !== undefined,
    vaultName: name,
    plan: (facts) => plan(account, facts),
    known: nothingMade,
    callOf: (change) => callOf(change, account, name),
  }
}

/**
 * In the order in which Azure needs it. A vault that an earlier run has deleted comes before the vault: it is removed after it, and
 * only then is the vault's name free. Deleting the vault removes the roles on it, and identities take their federated credentials
 * with them.
 */
function plan(account: AzureAccount, facts: Facts): ProofPlan {
  const vault = [deletedVault(account, facts.vaultName), vaultResource(account, facts)]
  return [
    // The modules assign roles on the vault. Without them, the vault's own steps do so.
    ...(account.modules === undefined
      ? [...identityResources(account), ...vault]
      : [...vault, ...modules[account.modules](account, facts.vaultName)]),
    ...(account.aks === undefined ? [] : bindingRights),
    namespaceResource({ facts, tenantId: account.tenantId }),
  ]
}

const modules = { bicep: bicepResources, terraform: terraformResources }

const deletedVault = (account: AzureAccount, name: string): Resource => ({
  kind: 'deleted-vault',
  name,
  sentence: `the name ${name}, which a vault keeps until it is purged`,
  make: [],
  find: {
    by: 'list',
    call: azCall(
      ...['keyvault', 'list-deleted', '--resource-type', 'vault'],
      ...inSubscription(account),
    ),
    mark: { ...azureMark, at: ['properties', 'tags'] },
  },
  // az finds out where it was: the resource group may have been in another region then.
  remove: [azCall('keyvault', 'purge', '--name', name, ...inSubscription(account))],
})

function callOf(change: VaultChange, account: AzureAccount, vault: string): ToolCall {
  const secret = (command: string, name: string, ...options: readonly string[]) =>
    azCall(
      ...['keyvault', 'secret', command, '--vault-name', vault, '--name', name],
      ...options,
      ...inSubscription(account),
    )
  const itself = (command: string, ...options: readonly string[]) =>
    azCall('keyvault', command, '--name', vault, ...options, ...inGroup(account))
  switch (change.kind) {
    case 'new-version':
      return secret('set', change.name, '--value', change.value)
    case 'enable':
    case 'disable':
      return secret('set-attributes', change.name, '--enabled', String(change.kind === 'enable'))
    case 'delete':
      return secret('delete', change.name)
    case 'network':
      return change.by === 'firewall'
        ? itself('update', '--default-action', change.isOpen ? 'Allow' : 'Deny')
        : itself('update', '--public-network-access', change.isOpen ? 'Enabled' : 'Disabled')
    case 'delete-vault':
      return itself('delete')
    default:
      return change satisfies never
  }
}

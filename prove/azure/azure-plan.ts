import { tokenAudience } from '../../lib/azure/token-audience.ts'
import { type AccountName, accountNames, type Facts, namespaceName } from '../plan/facts.ts'
import { nothingMade } from '../plan/made.ts'
import { namespaceResource } from '../plan/namespace-resource.ts'
import type { ProofAzure, VaultChange } from '../plan/proof-azure.ts'
import type { ProofPlan, Resource } from '../plan/resource.ts'
import type { ToolCall } from '../tools/tools.ts'
import type { AzureAccount } from './account.ts'
import { azCall, azureMark, inGroup, inSubscription, markTags } from './az-calls.ts'
import { identityNameOf, vaultNameOf } from './azure-names.ts'
import { bindingResources } from './binding-resources.ts'
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
const plan = (account: AzureAccount, facts: Facts): ProofPlan => [
  ...accountNames.map((name) => identityResource(account, name)),
  ...(account.aks === undefined ? [] : bindingResources(account, account.aks)),
  deletedVault(account, facts.vaultName),
  vaultResource(account, facts),
  namespaceResource({ facts, tenantId: account.tenantId }),
]

function identityResource(account: AzureAccount, accountName: AccountName): Resource {
  const name = identityNameOf(accountName)
  const group = inGroup(account)
  const create = azCall(
    ...['identity', 'create', '--name', name, '--location', account.location],
    ...markTags,
    ...group,
  )
  const federate = azCall(
    ...['identity', 'federated-credential', 'create', '--name', 'akv-injector-prove'],
    ...['--identity-name', name, '--issuer', account.issuer, '--audiences', tokenAudience],
    ...['--subject', `system:serviceaccount:${namespaceName}:${accountName}`, ...group],
  )
  return {
    kind: 'managed-identity',
    name,
    sentence: `a managed identity ${name}${accountName === 'loose' ? ', which has no federated credential' : ''}`,
    make: [
      { call: create, learn: { of: 'identity', account: accountName } },
      // Azure refuses two federated credentials at the same time.
      ...(accountName === 'loose' ? [] : [{ call: federate }]),
    ],
    find: { by: 'list', call: azCall('identity', 'list', ...group), mark: azureMark },
    remove: [azCall('identity', 'delete', '--name', name, ...group)],
  }
}

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

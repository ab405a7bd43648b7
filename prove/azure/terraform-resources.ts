import type { JsonObject } from '../../lib/shape.ts'
import { accountNames } from '../plan/facts.ts'
import type { MakeStep, Resource } from '../plan/resource.ts'
import type { AzureAccount } from './account.ts'
import { clusterIdOf, identityNameOf, modulePath, vaultIdOf } from './azure-names.ts'
import { boundAccount, identityParts, moduleValues } from './identity-resources.ts'

/**
 * The identities as the Terraform module makes them, all at once. They are found and removed without Terraform, so that no run needs
 * the state of another one.
 */
export function terraformResources(account: AzureAccount, vaultName: string): readonly Resource[] {
  const made = accountNames.flatMap((name) => identityParts(account, name))
  const sentence = `four managed identities akv-injector-prove-…, their federated credentials and roles${account.aks === undefined ? '' : ', and an identity binding'}, by Terraform`
  const make = steps(account, vaultName)
  return made.map((one, at) => (at === made.length - 1 ? { ...one, sentence, make } : one))
}

const steps = (account: AzureAccount, vaultName: string): readonly MakeStep[] => [
  {
    call: {
      tool: 'terraform',
      args: ['init', ...unattended],
      root: rootModule(account, vaultName),
    },
  },
  { call: { tool: 'terraform', args: ['apply', '-auto-approve', ...unattended] } },
  ...accountNames.map(
    (name): MakeStep => ({
      call: { tool: 'terraform', args: ['output', '-json', '-no-color', name] },
      learn: { of: 'client', account: name, at: [] },
    }),
  ),
]

const unattended = ['-input=false', '-no-color']

/** A root module in Terraform's JSON, as a user would write it. */
function rootModule(account: AzureAccount, vaultName: string): JsonObject {
  const { subscriptionId, aks } = account
  const modules = accountNames.map((name) => {
    const { serviceAccounts, objectTypes, tags } = moduleValues(name)
    const values = {
      ...{ name: identityNameOf(name), resource_group_name: account.resourceGroup },
      ...{ location: account.location, tags, oidc_issuer_url: account.issuer },
      ...{ service_accounts: serviceAccounts, object_types: objectTypes },
      key_vault_ids: { proof: vaultIdOf(account, vaultName) },
    }
    return [name, { source: modulePath('terraform'), ...literal(values) }]
  })
  const binding = aks && {
    source: modulePath('terraform/identity-binding'),
    ...literal({ name: identityNameOf(boundAccount), cluster_id: clusterIdOf(account, aks) }),
    identity_id: `\${module.${boundAccount}.identity_id}`,
  }
  return {
    // Without a source, Terraform takes it for hashicorp/azapi, which isn't the provider of the module.
    ...(aks && { terraform: { required_providers: { azapi: { source: 'azure/azapi' } } } }),
    provider: {
      azurerm: {
        ...{ features: {}, subscription_id: subscriptionId },
        // The vault exists, so what it and the identities need is registered.
        resource_provider_registrations: 'none',
      },
      ...(aks && { azapi: { subscription_id: subscriptionId } }),
    },
    module: { ...Object.fromEntries(modules), ...(binding && { binding }) },
    output: Object.fromEntries(
      accountNames.map((name) => [name, { value: `\${module.${name}.client_id}` }]),
    ),
  }
}

/** Terraform takes the strings of its JSON for templates. */
const literal = (values: JsonObject): JsonObject =>
  JSON.parse(JSON.stringify(values).replaceAll(/[$%](?=\{)/g, '$&$&'))

import { type AccountName, accountNames } from '../plan/facts.ts'
import type { Resource } from '../plan/resource.ts'
import type { AzureAccount } from './account.ts'
import { azCall, azureMark, inGroup } from './az-calls.ts'
import { identityNameOf, modulePath } from './azure-names.ts'
import { boundAccount, identityParts, moduleValues } from './identity-resources.ts'

/**
 * The identities as main.bicep makes them: by a deployment for each, which comes after what it makes. The removal goes the other way:
 * it first cancels a deployment that a killed run has begun, and then looks for what this one has made.
 */
export const bicepResources = (account: AzureAccount, vaultName: string): readonly Resource[] =>
  accountNames.flatMap((name) => [
    ...identityParts(account, name),
    deployment(account, name, vaultName),
  ])

function deployment(account: AzureAccount, accountName: AccountName, vaultName: string): Resource {
  const name = identityNameOf(accountName)
  const { aks, subscriptionId } = account
  const isBound = aks !== undefined && accountName === boundAccount
  const call = (verb: string, deployment: string, ...args: readonly string[]) =>
    azCall('deployment', 'group', verb, '--name', deployment, ...args, ...inGroup(account))
  const { serviceAccounts, objectTypes, tags } = moduleValues(accountName)
  const parameters = {
    ...{ identityName: name, location: account.location, vaultName },
    ...(aks && { clusterName: aks.name, clusterResourceGroup: aks.resourceGroup }),
    ...{ serviceAccounts, objectTypes, tags, bindIdentity: isBound },
  }
  return {
    kind: 'deployment',
    name,
    sentence: `a deployment ${name} of main.bicep, which makes a managed identity of this name${partsText(accountName, isBound)}`,
    make: [
      {
        call: call(
          ...(['create', name, '--template-file', modulePath('bicep/main.bicep')] as const),
          // az would ask for a parameter that is missing.
          ...['--no-prompt', 'true', '--parameters', ...Object.entries(parameters).map(assignment)],
        ),
        learn: {
          of: 'client',
          account: accountName,
          at: ['properties', 'outputs', 'clientId', 'value'],
        },
      },
    ],
    find: {
      by: 'list',
      // A group can have 800 deployments.
      call: azCall(
        ...['deployment', 'group', 'list', '--query', `[?name=='${name}']`],
        ...inGroup(account),
      ),
      // az sets no tags of a deployment, so those that it was given mark it.
      mark: { ...azureMark, at: ['properties', 'parameters', 'tags', 'value'] },
    },
    remove: [
      call('cancel', name),
      call('delete', `${name}-roles`),
      ...(isBound
        ? [
            azCall(
              ...['deployment', 'group', 'delete', '--name', `${name}-binding`],
              ...inGroup({ subscriptionId, resourceGroup: aks.resourceGroup }),
            ),
          ]
        : []),
      call('delete', name),
    ],
  }
}

function partsText(account: AccountName, isBound: boolean): string {
  if (isBound) return ' and an identity binding'
  if (account === boundAccount) return ''
  return moduleValues(account).objectTypes.length > 0
    ? ', its federated credential and its roles'
    : ' and its federated credential'
}

const assignment = ([name, value]: readonly [string, unknown]): string =>
  `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`

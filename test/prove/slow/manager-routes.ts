import { objectAt, scalarText, valueAt } from '../../../lib/shape.ts'
import { fakeAccount, newIdentity, newVault } from '../support/azure-world.ts'
import { errorBody, ok, on, type Route } from './azure-route.ts'
import { deploymentRoutes } from './deployment-routes.ts'
import {
  assignmentOf,
  bindingBody,
  credentialOf,
  deletedBody,
  identityBody,
  inGroup,
  subscriptionBody,
  tagsOf,
  vaultBody,
  vaultId,
} from './manager-bodies.ts'

const { tenantId, location, resourceGroup } = fakeAccount
const list = (items: Iterable<unknown>) => ok({ value: [...items] })

const subscription = '/subscriptions/(?<subscriptionId>[^/]+)'
const group = `${subscription}/resource[gG]roups/(?<resourceGroupName>[^/]+)`
const identities = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`
const identity = `${identities}/(?<resourceName>[^/]+)`
const bindings = `${group}/providers/Microsoft.ContainerService/managedClusters/shop-aks/identityBindings`
const binding = `${bindings}/(?<name>[^/]+)`
const vaults = `${group}/providers/Microsoft.KeyVault/vaults`
const vault = `${vaults}/(?<vaultName>[^/]+)`
const deletedVault = `${subscription}/providers/Microsoft.KeyVault/locations/(?<location>[^/]+)/deletedVaults/(?<vaultName>[^/]+)`

/** What is asked for goes on for a while. */
const accepted = {
  status: 202,
  headers: { location: 'https://management.azure.com/ended?api-version=1', 'retry-after': '0' },
}

const msi = { package: '@azure/arm-msi' } as const
const keyvault = { package: '@azure/arm-keyvault' } as const

/** What az asks Resource Manager. */
export const managerRoutes: readonly Route[] = [
  { method: 'GET', path: on('/tenants'), answer: () => list([{ tenantId }]) },
  {
    method: 'GET',
    path: on('/subscriptions'),
    answer: () => list([subscriptionBody]),
  },
  {
    method: 'GET',
    path: on(group),
    answer: (_, { resourceGroupName = '' }) =>
      resourceGroupName.toLowerCase() === resourceGroup.toLowerCase()
        ? ok({
            id: inGroup,
            name: resourceGroup,
            location,
            properties: { provisioningState: 'Succeeded' },
          })
        : undefined,
  },
  {
    method: 'GET',
    path: on(`${group}/providers/Microsoft.Authorization/permissions`),
    answer: ({ world }) => list([{ actions: world.actions, notActions: [] }]),
  },
  {
    method: 'GET',
    path: on(identities),
    published: msi,
    answer: ({ world }) =>
      list([...world.identities].map(([name, one]) => identityBody(name, one))),
  },
  {
    method: 'PUT',
    path: on(identity),
    published: { ...msi, mapper: 'Identity' },
    isChange: true,
    answer: ({ world }, { resourceName: name = '' }, body) => {
      const one = world.identities.get(name) ?? newIdentity(tagsOf(body), world.identities.size)
      world.identities.set(name, one)
      return { status: 201, body: identityBody(name, one) }
    },
  },
  {
    method: 'DELETE',
    path: on(identity),
    published: msi,
    isChange: true,
    answer: ({ world }, { resourceName = '' }) => ({
      status: world.identities.delete(resourceName) ? 200 : 204,
    }),
  },
  {
    method: 'PUT',
    path: on(
      `${identity}/federatedIdentityCredentials/(?<federatedIdentityCredentialResourceName>[^/]+)`,
    ),
    published: { ...msi, mapper: 'FederatedIdentityCredential' },
    isChange: true,
    answer: (
      { world },
      { resourceName = '', federatedIdentityCredentialResourceName: name = '' },
      body,
    ) => {
      world.identities.get(resourceName)?.credentials.set(name, credentialOf(body))
      return { status: 201, body: { id: `${inGroup}/x`, name, ...body } }
    },
  },
  {
    method: 'GET',
    path: on(bindings),
    answer: ({ world }) => list([...world.bindings].map(bindingBody)),
  },
  {
    method: 'PUT',
    path: on(binding),
    isChange: true,
    answer: ({ world }, { name = '' }, body) => {
      const id = scalarText(valueAt(body, 'properties', 'managedIdentity', 'resourceId'))
      world.bindings.set(name, id)
      return ok(bindingBody([name, id]))
    },
  },
  {
    method: 'DELETE',
    path: on(binding),
    isChange: true,
    answer: ({ world }, { name = '' }) =>
      world.bindings.delete(name) ? accepted : { status: 204 },
  },
  {
    method: 'GET',
    path: on(vaults),
    published: keyvault,
    answer: ({ world }) => list([...world.vaults].map(([name, one]) => vaultBody(name, one))),
  },
  {
    method: 'GET',
    path: on(vault),
    published: keyvault,
    answer: ({ world }, { vaultName = '' }) => {
      const one = world.vaults.get(vaultName)
      return one && ok(vaultBody(vaultName, one))
    },
  },
  {
    method: 'PUT',
    path: on(vault),
    published: { ...keyvault, mapper: 'VaultCreateOrUpdateParameters' },
    isChange: true,
    answer: ({ world }, { vaultName = '' }, body) => {
      if (world.deletedVaults.has(vaultName))
        return {
          status: 409,
          body: errorBody(
            'ConflictError',
            'A vault with the same name already exists in deleted state.',
          ),
        }
      const one =
        world.vaults.get(vaultName) ?? newVault(tagsOf(body), scalarText(body['location']))
      world.vaults.set(vaultName, one)
      return ok(vaultBody(vaultName, one))
    },
  },
  {
    method: 'DELETE',
    path: on(vault),
    published: keyvault,
    isChange: true,
    answer: ({ world }, { vaultName = '' }) => {
      const one = world.vaults.get(vaultName)
      if (one === undefined) return { status: 204 }
      world.vaults.delete(vaultName)
      world.deletedVaults.set(vaultName, { ...one, assignments: new Map() })
      return { status: 200 }
    },
  },
  {
    method: 'GET',
    path: on(`${subscription}/providers/Microsoft.KeyVault/deletedVaults`),
    published: keyvault,
    answer: ({ world }) =>
      list([...world.deletedVaults].map(([name, one]) => deletedBody(name, one))),
  },
  {
    method: 'GET',
    path: on(deletedVault),
    published: keyvault,
    answer: ({ world }, { vaultName = '', location = '' }) => {
      const one = world.deletedVaults.get(vaultName)
      return one?.location === location ? ok(deletedBody(vaultName, one)) : undefined
    },
  },
  {
    method: 'POST',
    path: on(`${deletedVault}/purge`),
    published: keyvault,
    isChange: true,
    answer: ({ world }, { vaultName = '', location }) =>
      world.deletedVaults.get(vaultName)?.location === location &&
      world.deletedVaults.delete(vaultName)
        ? accepted
        : undefined,
  },
  ...deploymentRoutes(group),
  { method: 'GET', path: on('/ended'), answer: () => ({ status: 204 }) },
  {
    method: 'PUT',
    path: on(
      `${vault}/providers/Microsoft.Authorization/roleAssignments/(?<roleAssignmentName>[^/]+)`,
    ),
    published: { package: '@azure/arm-authorization', mapper: 'RoleAssignmentCreateParameters' },
    isChange: true,
    answer: ({ world }, { vaultName = '', roleAssignmentName: name = '' }, body) => {
      world.vaults.get(vaultName)?.assignments.set(name, assignmentOf(body))
      const properties = objectAt(body, 'properties')
      return { status: 201, body: { id: `${vaultId(vaultName)}/x/${name}`, name, properties } }
    },
  },
]

import { type AzureState, type FakeRole, principalOf } from './azure-state.ts'
import { builtInRoles } from './built-in-roles.ts'
import { fail } from './refused.ts'

/** The options of a command, without their hyphens. */
export type Values = Readonly<Record<string, string>>

/** What the Azure CLI prints for a command, as JSON. Undefined: nothing that anybody reads. Changes the state. */
export function answerAz(command: string, values: Values, state: AzureState): unknown {
  switch (command) {
    case 'identity list':
      return listIdentities(values, state)
    case 'identity show':
      return select(
        identityJson(findIdentity(values['name'], state, values['resource-group']), state),
        values,
      )
    case 'identity federated-credential list':
      return listCredentials(values, state)
    case 'identity federated-credential create':
      return createCredential(values, state)
    case 'aks identity-binding create':
      return bindIdentity(values, state)
    case 'keyvault show':
      return select(vaultJson(findVault(values, state), state), values)
    case 'keyvault set-policy':
      return setPolicy(values, state)
    case 'role assignment create':
      return createAssignment(values, state)
    case 'role assignment list':
      return listAssignments(values, state)
    case 'role definition show':
      return showRole(values, state)
    case 'cloud show':
      return values['query'] === 'endpoints.microsoftGraphResourceId'
        ? 'https://graph.microsoft.com/'
        : fail('cannot evaluate')
    case 'rest':
      return memberGroups(values, state)
    default:
      return fail(`unknown command ${command}`)
  }
}

/** One member, if there is a query. */
function select(json: Readonly<Record<string, unknown>>, { query }: Values): unknown {
  if (query === undefined) return json
  return /^\w+$/.test(query) && query in json ? json[query] : fail(`cannot evaluate ${query}`)
}

function listIdentities({ query = '' }: Values, state: AzureState): unknown {
  const [, clientId, member] =
    /^\[\?clientId=='([^']*)'\](?:\.(name|resourceGroup))?$/.exec(query) ??
    fail(`cannot evaluate ${query}`)
  return state.identities
    .filter((identity) => identity.clientId === clientId)
    .map((identity) => identityJson(identity, state))
    .map((item) => (member === undefined ? item : item[member]))
}

function bindIdentity(values: Values, state: AzureState): undefined {
  const id = values['managed-identity-resource-id']
  if (!state.identities.some((identity) => identityJson(identity, state)['id'] === id))
    fail(`(BadRequest) no managed identity has the resource ID ${id}`)
}

function findIdentity(name: string | undefined, state: AzureState, group?: string) {
  const found = state.identities.find(
    (identity) =>
      identity.name === name && (group === undefined || identity.resourceGroup === group),
  )
  return found ?? fail(`(ResourceNotFound) The Resource '${name}' was not found.`)
}

function identityJson(
  identity: AzureState['identities'][number],
  { subscription }: AzureState,
): Readonly<Record<string, unknown>> {
  return {
    clientId: identity.clientId,
    id: `/subscriptions/${subscription}/resourceGroups/${identity.resourceGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${identity.name}`,
    location: 'westeurope',
    name: identity.name,
    principalId: principalOf(identity),
    resourceGroup: identity.resourceGroup,
    tags: {},
    tenantId: '11111111-1111-1111-1111-111111111111',
    type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
  }
}

function createCredential(values: Values, state: AzureState): unknown {
  const { name = '', issuer = '', subject = '', audiences = '' } = values
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/.test(name)) fail(`invalid name ${name}`)
  if (issuer === '' || subject === '') fail('expected an issuer and a subject')
  const identity = findIdentity(values['identity-name'], state).name
  state.credentials = [
    ...state.credentials.filter(
      (credential) => credential.identity !== identity || credential.name !== name,
    ),
    { identity, name, issuer, subject, audiences: audiences.split(' ') },
  ]
  return undefined
}

function listCredentials(values: Values, state: AzureState): unknown {
  const { name } = findIdentity(values['identity-name'], state, values['resource-group'])
  return state.credentials
    .filter((credential) => credential.identity === name)
    .map(({ identity, ...credential }) => ({
      ...credential,
      id: `/subscriptions/${state.subscription}/…/federatedIdentityCredentials/${credential.name}`,
      resourceGroup: values['resource-group'],
      type: 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials',
    }))
}

/** Vaults that the test doesn't set exist, and use roles. */
function findVault(values: Values, state: AzureState): AzureState['vaults'][number] {
  const {
    name = '',
    subscription = state.subscription,
    'resource-group': group = 'rg-vaults',
  } = values
  const known = state.vaults.find((vault) => vault.name === name)
  const id = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.KeyVault/vaults/${name}`
  return known ?? { name, id }
}

function vaultJson(
  { id, name, policies }: AzureState['vaults'][number],
  state: AzureState,
): Readonly<Record<string, unknown>> {
  return {
    id,
    location: 'westeurope',
    name,
    properties: {
      accessPolicies: (policies ?? []).map((policy) => ({
        applicationId: policy.applicationId ?? null,
        objectId: policy.objectId,
        permissions: {
          certificates: null,
          keys: null,
          secrets: null,
          storage: null,
          ...policy.permissions,
        },
        tenantId: '11111111-1111-1111-1111-111111111111',
      })),
      enableRbacAuthorization: policies === undefined ? true : null,
      vaultUri: `https://${name}.vault.azure.net/`,
    },
    resourceGroup: state.subscription,
    type: 'Microsoft.KeyVault/vaults',
  }
}

/** Replaces the permissions for the kinds of objects that are given, as Azure CLI 2.91.0 does. */
function setPolicy(values: Values, state: AzureState): unknown {
  const vault = findVault(values, state)
  const { policies } = vault
  if (policies === undefined)
    return fail("Cannot set policies to a vault with '--enable-rbac-authorization' specified")
  const objectId = values['object-id'] ?? fail('expected --object-id')
  const set = Object.fromEntries(
    ['secret', 'certificate', 'key'].flatMap((kind) => {
      const permissions = values[`${kind}-permissions`]
      return permissions === undefined ? [] : [[`${kind}s`, permissions.split(' ')]]
    }),
  )
  const old = policies.find((policy) => policy.objectId === objectId)
  const others = policies.filter((policy) => policy !== old)
  const changed = {
    ...vault,
    policies: [...others, { objectId, permissions: { ...old?.permissions, ...set } }],
  }
  state.vaults = [...state.vaults.filter(({ name }) => name !== vault.name), changed]
  return undefined
}

const allRoles = ({ roles }: AzureState): Readonly<Record<string, FakeRole>> => ({
  ...builtInRoles,
  ...roles,
})

function createAssignment(values: Values, state: AzureState): unknown {
  const { role = '', scope = '' } = values
  const principalId = values['assignee-object-id'] ?? fail('expected --assignee-object-id')
  const [id] =
    Object.entries(allRoles(state)).find(([, { name }]) => name === role) ??
    fail(`Role '${role}' doesn't exist.`)
  if (values['assignee-principal-type'] !== 'ServicePrincipal') fail('expected ServicePrincipal')
  state.assignments = [...state.assignments, { role: id, scope, principalId }]
  return undefined
}

function listAssignments(values: Values, state: AzureState): unknown {
  const principal = values['assignee-object-id'] ?? ''
  const groups = 'include-groups' in values ? (state.groups[principal] ?? []) : []
  const { scope, subscription = '' } = values
  const isAbove = (path: string) =>
    path.startsWith('/providers/Microsoft.Management/') || `${scope}/`.startsWith(`${path}/`)
  const isInside = (path: string) => path.startsWith(`/subscriptions/${subscription}`)
  if (!('all' in values) && !('include-inherited' in values))
    fail('expected --all or --include-inherited')
  if ('all' in values && scope !== undefined)
    fail('group or scope are not required when --all is used')
  return state.assignments.flatMap((assignment, index) => {
    const isListed = 'all' in values ? isInside(assignment.scope) : isAbove(assignment.scope)
    if (!isListed || ![principal, ...groups].includes(assignment.principalId)) return []
    return {
      ...(assignment.condition !== undefined && {
        condition: assignment.condition,
        conditionVersion: '2.0',
      }),
      id: `${assignment.scope}/providers/Microsoft.Authorization/roleAssignments/${index}`,
      name: String(index),
      principalId: assignment.principalId,
      principalType: assignment.principalId === principal ? 'ServicePrincipal' : 'Group',
      roleDefinitionId: `/subscriptions/${state.subscription}/providers/Microsoft.Authorization/roleDefinitions/${assignment.role}`,
      scope: assignment.scope,
      type: 'Microsoft.Authorization/roleAssignments',
    }
  })
}

function showRole({ id = '' }: Values, state: AzureState): unknown {
  const guid = id.slice(id.lastIndexOf('/') + 1)
  const role = allRoles(state)[guid] ?? fail(`(RoleDefinitionDoesNotExist) ${guid}`)
  const {
    actions = [],
    notActions = [],
    dataActions = [],
    notDataActions = [],
    condition = null,
  } = role
  return {
    assignableScopes: ['/'],
    id: `/providers/Microsoft.Authorization/roleDefinitions/${guid}`,
    name: guid,
    permissions: [
      { actions, condition, conditionVersion: null, dataActions, notActions, notDataActions },
    ],
    roleName: role.name,
    roleType: 'BuiltInRole',
    type: 'Microsoft.Authorization/roleDefinitions',
  }
}

function memberGroups({ uri = '', method }: Values, state: AzureState): unknown {
  const [, principal = ''] =
    /^https:\/\/graph\.microsoft\.com\/v1\.0\/servicePrincipals\/([0-9a-f-]+)\/getMemberGroups$/.exec(
      uri,
    ) ?? fail(`unexpected ${uri}`)
  if (method !== 'post') fail('expected a POST')
  return { '@odata.context': 'x', value: state.groups[principal] ?? [] }
}

import type { Ran, ToolCall } from '../../../prove/tools/tools.ts'
import {
  argumentProblems,
  commandOf,
  readRecordedArguments,
} from '../../docs/aks/azure-arguments.ts'
import {
  type AzureWorld,
  type FakeVault,
  fakeAccount,
  newIdentity,
  newVault,
} from './azure-world.ts'
import { deployBicep, deploymentBody } from './make-by-modules.ts'
import { ran } from './ran.ts'

const recorded = readRecordedArguments()
type Values = Readonly<Record<string, string>>

/** Answers `az` for a world, and refuses arguments that the real one doesn't have. */
export function answerAz(world: AzureWorld, { args }: ToolCall): Ran {
  const asked = { program: 'az', args, input: '' }
  const problems = argumentProblems(asked, recorded)
  if (problems.length > 0) return ran('', 2, problems.join())
  const values = Object.fromEntries(
    args.flatMap((arg, at) => (arg.startsWith('--') ? [[arg.slice(2), args[at + 1] ?? '']] : [])),
  )
  const answer = answers[commandOf(asked)]?.(world, values, args)
  if (answer === undefined) return ran('', 3, 'ERROR: (ResourceNotFound) it was not found.')
  return answer === 'forbidden' ? ran('', 1, 'ERROR: (Forbidden) no') : ran(JSON.stringify(answer))
}

const tagsOf = ({ tags = '' }: Values) => Object.fromEntries([tags.split('=')])
const listed = (vaults: ReadonlyMap<string, FakeVault>) =>
  [...vaults].map(([name, { tags }]) => ({ name, tags }))

type ControlAnswer = (world: AzureWorld, values: Values, args: readonly string[]) => unknown

/** Undefined: what the command is about doesn't exist. */
const answers: Readonly<Record<string, ControlAnswer>> = {
  'account show': () => ({
    id: fakeAccount.subscriptionId,
    tenantId: fakeAccount.tenantId,
    environmentName: 'AzureCloud',
    user: { name: 'x', type: 'servicePrincipal' },
  }),
  'account get-access-token': () => ({
    accessToken: `x.${Buffer.from(JSON.stringify({ oid: fakeAccount.objectId })).toString('base64url')}.x`,
  }),
  'group show': (_, { name = '' }) =>
    name.toLowerCase() === 'proof'
      ? { name: fakeAccount.resourceGroup, location: fakeAccount.location }
      : undefined,
  rest: ({ actions }) => ({ value: [{ actions, notActions: [] }] }),
  'identity list': ({ identities }) =>
    [...identities].map(([name, { tags, clientId }]) => ({ name, tags, clientId })),
  'identity create': ({ identities }, values) => {
    const { name = '' } = values
    const identity = identities.get(name) ?? newIdentity(tagsOf(values), identities.size)
    identities.set(name, identity)
    return { name, clientId: identity.clientId, principalId: identity.principalId }
  },
  'identity delete': ({ identities }, { name = '' }) => identities.delete(name) || undefined,
  'identity federated-credential create': ({ identities }, values) => {
    const { issuer = '', subject = '', audiences = '', name = '' } = values
    const identity = identities.get(values['identity-name'] ?? '')
    return identity?.credentials.set(name, { issuer, subject, audiences: [audiences] }) && {}
  },
  'deployment group list': ({ deployments }, { query = '' }) => {
    const [, name = ''] = /^\[\?name=='([\w-]+)'\]$/.exec(query) ?? []
    const found = deployments.get(name)
    return found === undefined ? [] : [deploymentBody(name, found)]
  },
  'deployment group create': (world, { name = '', 'template-file': file = '' }, args) => {
    const given = args.slice(args.indexOf('--parameters') + 1)
    const end = given.findIndex((arg) => arg.startsWith('--'))
    return deployBicep(world, { name, file, parameters: given.slice(0, end) })
  },
  'deployment group cancel': () => 'forbidden',
  'deployment group delete': ({ deployments }, { name = '' }) =>
    deployments.delete(name) || undefined,
  'aks identity-binding list': ({ bindings }) =>
    [...bindings].map(([name, resourceId]) => ({
      ...{ name, properties: { managedIdentity: { resourceId } } },
    })),
  'aks identity-binding create': ({ bindings, identities }, values) => {
    const { name = '', 'managed-identity-resource-id': id = '' } = values
    return identities.has(id.split('/').at(-1) ?? '') ? bindings.set(name, id) && {} : undefined
  },
  'aks identity-binding delete': ({ bindings }, { name = '' }) =>
    bindings.delete(name) || undefined,
  'keyvault list': ({ vaults }) => listed(vaults),
  'keyvault list-deleted': ({ deletedVaults }) =>
    listed(deletedVaults).map(({ name, tags }) => ({ name, properties: { tags } })),
  'keyvault create': ({ vaults, deletedVaults }, values) => {
    const { name = '' } = values
    if (vaults.has(name) || deletedVaults.has(name)) return 'forbidden'
    vaults.set(name, newVault(tagsOf(values), values['location']))
    return { name }
  },
  'keyvault update': ({ vaults }, { name = '' }) => vaults.get(name) && {},
  'keyvault delete': ({ vaults, deletedVaults }, { name = '' }) => {
    const vault = vaults.get(name)
    if (vault === undefined) return undefined
    vaults.delete(name)
    deletedVaults.set(name, { ...vault, assignments: new Map() })
    return {}
  },
  'keyvault purge': ({ deletedVaults, canPurge }, { name = '', location }) => {
    const vault = deletedVaults.get(name)
    if (vault === undefined || (location ?? vault.location) !== vault.location) return undefined
    return canPurge ? deletedVaults.delete(name) : 'forbidden'
  },
  'keyvault secret set': addObject,
  'keyvault secret set-attributes': addObject,
  'keyvault secret delete': addObject,
  'keyvault key create': addObject,
  'keyvault certificate create': addObject,
  'role assignment create': ({ vaults }, values) => {
    const { scope = '', role = '', name = '' } = values
    vaults.get(scope.split('/').at(-1) ?? '')?.assignments.set(name, {
      roleId: role,
      principalId: values['assignee-object-id'] ?? '',
      principalType: values['assignee-principal-type'] ?? '',
    })
    return {}
  },
}

function addObject({ vaults }: AzureWorld, values: Values) {
  const vault = vaults.get(values['vault-name'] ?? '')
  if (vault === undefined) return undefined
  const { name = '' } = values
  // Nobody writes before having a role.
  const isAllowed = [...vault.assignments.values()].some(
    ({ principalId }) => principalId === fakeAccount.objectId,
  )
  if (!isAllowed) return 'forbidden'
  vault.objects.push(name)
  const version = String(vault.objects.length).padStart(32, '0')
  return { id: `https://kv.vault.azure.net/secrets/${name}/${version}` }
}

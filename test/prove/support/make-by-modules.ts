import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type JsonObject, objectAt, objectsAt, scalarText } from '../../../lib/shape.ts'
import type { Ran, ToolCall } from '../../../prove/tools/tools.ts'
import { type AzureWorld, fakeAccount, newIdentity } from './azure-world.ts'
import { ran } from './ran.ts'

const modules = join(import.meta.dirname, '../../../manifests/azure')

/** A deployment as Resource Manager says it. */
export const deploymentBody = (name: string, parameters: JsonObject) => ({
  name,
  properties: {
    provisioningState: 'Succeeded',
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([key, value]) => [key, { value }]),
    ),
    outputs: { clientId: { type: 'String', value: parameters['clientId'] } },
  },
})

interface Deployment {
  readonly name: string
  readonly file: string
  /** As `NAME=VALUE`. */
  readonly parameters: readonly string[]
}

/** What a deployment of main.bicep makes. Undefined if it isn't given the parameters that the file has. */
export function deployBicep(world: AzureWorld, { name, file, parameters }: Deployment) {
  const given = Object.fromEntries(
    parameters.map((one) => {
      const at = one.indexOf('=')
      const text = one.slice(at + 1)
      return [one.slice(0, at), /^[[{]|^(true|false)$/.test(text) ? JSON.parse(text) : text]
    }),
  )
  return deployTemplate(world, { name, given, text: readFileSync(file, 'utf8') })
}

/** @param text - the Bicep */
export function deployTemplate(
  world: AzureWorld,
  {
    name,
    given,
    text,
  }: { readonly name: string; readonly given: JsonObject; readonly text: string },
) {
  const declared = [...text.matchAll(/^param (\w+) \w+( =)?/gm)]
  if (!fits(given, declared)) return undefined
  const clientId = make(world, {
    name: scalarText(given['identityName']),
    // The module asks the cluster.
    issuer: given['clusterName'] === 'shop-aks' ? fakeAccount.issuer : '',
    ...{ tags: given['tags'], serviceAccounts: given['serviceAccounts'] },
    ...{ objectTypes: given['objectTypes'], vault: scalarText(given['vaultName']) },
  })
  if (clientId === undefined) return undefined
  if (given['bindIdentity'] === true) {
    bind(world, scalarText(given['identityName']))
    world.deployments.set(`${name}-binding`, {})
  }
  world.deployments.set(`${name}-roles`, {})
  world.deployments.set(name, { ...given, clientId })
  return deploymentBody(name, { ...given, clientId })
}

/** Answers Terraform for a world. Its state is the root module that it was given. */
export function fakeTerraform() {
  let root: JsonObject = {}
  const clientIds = new Map<string, string>()
  return (world: AzureWorld, call: ToolCall): Ran => {
    if (call.tool !== 'terraform') return ran('', 9)
    const { args } = call
    switch (args[0]) {
      case 'version':
        return ran('{"terraform_version":"1.11.4"}')
      case 'init':
        root = call.root ?? root
        return ran()
      case 'apply':
        for (const [name, given] of Object.entries(objectAt(root, 'module'))) {
          const clientId = apply(world, objectAt(given))
          if (clientId === undefined) return ran('', 1, `module ${name}`)
          clientIds.set(name, clientId)
        }
        return ran()
      case 'output':
        return ran(JSON.stringify(clientIds.get(args.at(-1) ?? '')))
      default:
        return ran('', 1)
    }
  }
}

function apply(world: AzureWorld, given: JsonObject): string | undefined {
  const source = scalarText(given['source'])
  const { source: _, ...values } = given
  const file =
    basename(source) === 'terraform'
      ? 'terraform/variables.tf'
      : 'terraform/identity-binding/main.tf'
  if (join(modules, file) !== join(source, basename(file))) return undefined
  const text = readFileSync(join(modules, file), 'utf8')
  const declared = text
    .split(/^variable /m)
    .slice(1)
    .map((block) => ['', /^"(\w+)"/.exec(block)?.[1] ?? '', /^ {2}default +=/m.exec(block)?.[0]])
  if (!fits(values, declared)) return undefined
  if (file.includes('binding')) {
    bind(world, scalarText(given['name']))
    return ''
  }
  const [vaultId] = Object.values(objectAt(given, 'key_vault_ids'))
  return make(world, {
    name: scalarText(given['name']),
    issuer: scalarText(given['oidc_issuer_url']),
    ...{ tags: given['tags'], serviceAccounts: given['service_accounts'] },
    ...{ objectTypes: given['object_types'], vault: scalarText(vaultId).split('/').at(-1) ?? '' },
  })
}

/** Whether these are declared, and all that have no default are given. */
const fits = (given: JsonObject, declared: readonly (readonly (string | undefined)[])[]): boolean =>
  Object.keys(given).every((name) => declared.some(([, known]) => known === name)) &&
  declared.every(([, name = '', hasDefault]) => hasDefault !== undefined || name in given)

interface Made {
  readonly name: string
  readonly tags: unknown
  readonly issuer: string
  readonly serviceAccounts: unknown
  readonly objectTypes: unknown
  readonly vault: string
}

/** Makes what both modules make: an identity, its credentials and its roles. Returns its client ID, or undefined if there is no such vault. */
function make(world: AzureWorld, module: Made): string | undefined {
  const vault = world.vaults.get(module.vault)
  if (vault === undefined) return undefined
  const tags = objectAt(module.tags) as Readonly<Record<string, string>>
  const identity = newIdentity(tags, world.identities.size)
  world.identities.set(module.name, identity)
  for (const { namespace, name } of objectsAt(module, 'serviceAccounts'))
    identity.credentials.set(`${namespace}_${name}`, {
      issuer: module.issuer,
      subject: `system:serviceaccount:${namespace}:${name}`,
      audiences: ['api://AzureADTokenExchange'],
    })
  const types = Array.isArray(module.objectTypes) ? module.objectTypes : []
  const roles = [
    ...(types.includes('secret') ? ['4633458b-17de-408a-b874-0445c86b69e6'] : []),
    ...(types.some((type) => type !== 'secret') ? ['21090545-7ca7-4776-b22c-e363652d74d2'] : []),
  ]
  for (const roleId of roles)
    vault.assignments.set(`${identity.principalId} ${roleId}`, {
      ...{ roleId, principalId: identity.principalId, principalType: 'ServicePrincipal' },
    })
  return identity.clientId
}

function bind({ bindings }: AzureWorld, name: string): void {
  const { subscriptionId, resourceGroup } = fakeAccount
  bindings.set(
    name,
    `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`,
  )
}

import type { VaultNeeds } from '../../../command/grants/vault-needs.ts'
import type { AzureNames, IdentityGrants } from '../../../command/grants/write-script.ts'
import { type Asked, unknown } from './finding.ts'
import { factsOf, type RoleFacts } from './match-actions.ts'
import {
  type AccessPolicy,
  type AzureCredential,
  type AzureVault,
  type ManagedIdentity,
  type RoleAssignment,
  readAssignments,
  readCredentials,
  readGraph,
  readGroups,
  readIdentities,
  readIdentity,
  readRole,
  readVault,
} from './read-azure.ts'
import { commandOf, type RunAz } from './run-az.ts'

/** Thrown if every further command would fail, too, because the Azure CLI isn't installed or nobody is signed in. */
export class AzUnusable extends Error {}

/** Runs one command and reads its answer. */
async function ask<T>(
  az: RunAz,
  args: readonly string[],
  read: (value: unknown) => T | undefined,
): Promise<Asked<T>> {
  const answer = await az(args)
  if (answer.kind === 'failed') {
    if (answer.isForAll) throw new AzUnusable(answer.sentence)
    return unknown(answer.sentence)
  }
  const value = read(answer.value)
  if (value !== undefined) return { kind: 'known', value }
  return unknown(`${commandOf(args)} printed an answer in an unknown form`)
}

/** Finds the managed identity of a client, or the one that the options name. */
export async function askIdentity(
  az: RunAz,
  { clientId }: IdentityGrants,
  { identityName, resourceGroup }: AzureNames,
): Promise<Asked<ManagedIdentity>> {
  if (identityName !== undefined && resourceGroup !== undefined)
    return ask(
      az,
      ['identity', 'show', `--name=${identityName}`, `--resource-group=${resourceGroup}`],
      readIdentity,
    )
  if (clientId === undefined)
    return unknown(
      'the files name no client for these accounts; pass --identity-name and --resource-group',
    )
  const listed = await ask(
    az,
    ['identity', 'list', `--query=[?clientId=='${clientId}']`],
    readIdentities,
  )
  if (listed.kind === 'unknown') return listed
  const [found] = listed.value.filter(
    ({ clientId: id, name, resourceGroup: group }) =>
      id.toLowerCase() === clientId &&
      (identityName ?? name) === name &&
      (resourceGroup ?? group).toLowerCase() === group.toLowerCase(),
  )
  if (found !== undefined) return { kind: 'known', value: found }
  return unknown(
    'az’s subscription has no managed identity with this client ID; choose another subscription with az account set. An app registration can’t be verified',
  )
}

export const askCredentials = (
  az: RunAz,
  { name, resourceGroup }: ManagedIdentity,
): Promise<Asked<readonly AzureCredential[]>> =>
  ask(
    az,
    [
      ...['identity', 'federated-credential', 'list'],
      ...[`--identity-name=${name}`, `--resource-group=${resourceGroup}`],
    ],
    readCredentials,
  )

export const askVault = (
  az: RunAz,
  { vault }: VaultNeeds,
  { vaultResourceGroup, vaultSubscription }: AzureNames,
): Promise<Asked<AzureVault>> =>
  ask(
    az,
    [
      ...['keyvault', 'show', `--name=${vault}`],
      ...(vaultResourceGroup === undefined ? [] : [`--resource-group=${vaultResourceGroup}`]),
      ...(vaultSubscription === undefined ? [] : [`--subscription=${vaultSubscription}`]),
    ],
    (value) => readVault(value, vault),
  )

/**
 * Lists the role assignments of an identity and its groups that could concern a vault. Two lists are needed: one at the
 * vault's scope, which includes the scopes above it, and one of the whole subscription, because only that includes
 * assignments on single objects.
 */
export async function askAssignments(
  az: RunAz,
  { principalId }: ManagedIdentity,
  { id, subscription }: AzureVault,
): Promise<Asked<readonly RoleAssignment[]>> {
  const common = [
    ...['role', 'assignment', 'list', `--assignee-object-id=${principalId}`, '--include-groups'],
    ...['--fill-principal-name=false', '--fill-role-definition-name=false'],
    `--subscription=${subscription}`,
  ]
  const above = await ask(az, [...common, `--scope=${id}`, '--include-inherited'], readAssignments)
  if (above.kind === 'unknown') return above
  const all = await ask(az, [...common, '--all'], readAssignments)
  if (all.kind === 'unknown') return all
  const byId = new Map([...above.value, ...all.value].map((role) => [role.id.toLowerCase(), role]))
  return { kind: 'known', value: [...byId.values()] }
}

/**
 * Caches answers, so that each command runs only once: several vaults may be in one subscription, and several
 * identities may read one vault.
 */
export function rememberAnswers(az: RunAz): RunAz {
  const answers = new Map<string, ReturnType<RunAz>>()
  return (args) => {
    const key = args.join('\0')
    const answer = answers.get(key) ?? az(args)
    answers.set(key, answer)
    return answer
  }
}

/** Looks up role definitions, each only once. */
export function rememberRoles(az: RunAz): (id: string) => Promise<Asked<RoleFacts>> {
  const roles = new Map<string, Promise<Asked<RoleFacts>>>()
  return (id) => {
    const key = id.slice(id.lastIndexOf('/') + 1).toLowerCase()
    const known = roles.get(key)
    if (known !== undefined) return known
    const definition = ask(az, ['role', 'definition', 'show', `--id=${id}`], (value) => {
      const role = readRole(value)
      return role && factsOf(role)
    })
    roles.set(key, definition)
    return definition
  }
}

/**
 * Finds the access policies that apply to an identity: its own, and those of its groups. Microsoft Graph lists the
 * groups.
 */
export async function askPolicies(
  az: RunAz,
  { principalId }: ManagedIdentity,
  policies: readonly AccessPolicy[],
): Promise<{ readonly policies: readonly AccessPolicy[]; readonly groups: Asked<unknown> }> {
  const direct = policies.filter(({ applicationId }) => !applicationId)
  const isOf = (ids: readonly string[]) =>
    direct.filter(({ objectId }) => ids.some((id) => id.toLowerCase() === objectId.toLowerCase()))
  const ofIdentity = isOf([principalId])
  if (ofIdentity.length === direct.length)
    return { policies: ofIdentity, groups: { kind: 'known', value: undefined } }
  const groups = await askGroups(az, principalId)
  return {
    policies: isOf(groups.kind === 'known' ? [principalId, ...groups.value] : [principalId]),
    groups,
  }
}

async function askGroups(az: RunAz, principalId: string): Promise<Asked<readonly string[]>> {
  const graph = await ask(
    az,
    ['cloud', 'show', '--query=endpoints.microsoftGraphResourceId'],
    readGraph,
  )
  if (graph.kind === 'unknown') return graph
  const uri = `${graph.value}/v1.0/servicePrincipals/${principalId}/getMemberGroups`
  return ask(
    az,
    ['rest', '--method=post', `--uri=${uri}`, '--body={"securityEnabledOnly":true}'],
    readGroups,
  )
}

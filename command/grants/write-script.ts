import { createHash } from 'node:crypto'
import { narrowestGrants, type Role, rolesFor } from '../../lib/azure/narrowest-grants.ts'
import { isUuid } from '../../lib/values/parse-uuid.ts'
import type { Confirmed } from '../said.ts'
import { annotateAccount, createCredential, findIdentity, showIssuer } from './azure-commands.ts'
import { aksClusterVariables, allowCommand, bindCommand } from './binding-commands.ts'
import { credentialName } from './credential-name.ts'
import type { Grant } from './grant.ts'
import {
  az,
  azQuery,
  blank,
  comment,
  need,
  output,
  run,
  type ScriptLine,
  set,
  shellWord,
  suggestion,
  variable,
  type Word,
} from './script.ts'
import {
  neededPolicies,
  needsOf,
  objectPath,
  objectsWithRoles,
  type VaultNeeds,
} from './vault-needs.ts'

/**
 * Whether to assign roles on whole vaults or on single objects, or to set access policies, which always cover a whole
 * vault.
 */
export type GrantChoice = 'vault' | 'object' | 'access-policies'

/**
 * Facts about Azure that no manifest contains. Each absent value becomes a variable that whoever runs the commands has
 * to set.
 */
export interface AzureNames {
  /**
   * The OIDC issuers of the clusters. They are security-critical: whoever issues tokens as one of them can sign in as
   * the identity.
   */
  readonly issuers: readonly Confirmed[]
  readonly identityName?: string | undefined
  readonly resourceGroup?: string | undefined
  readonly vaultResourceGroup?: string | undefined
  readonly vaultSubscription?: string | undefined
  readonly grants: GrantChoice
}

/** An identity, and everything that signs in as it. */
export interface IdentityGrants {
  /** Absent: the files don't name the client of these accounts. */
  readonly clientId?: string
  readonly grants: readonly Grant[]
}

/**
 * Groups grants by identity. The identity without a known client ID comes first, because the commands for it set its
 * variables themselves.
 */
export function byIdentity(grants: readonly Grant[]): readonly IdentityGrants[] {
  const groups = Map.groupBy(grants, ({ clientId }) =>
    clientId !== undefined && isUuid(clientId) ? clientId : '',
  )
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([clientId, some]) => ({ ...(clientId !== '' && { clientId }), grants: some }))
}

/** The accounts of an identity, each once: `NAMESPACE/NAME`. */
const accountsOf = ({ grants }: Pick<IdentityGrants, 'grants'>): readonly string[] =>
  [...new Set(grants.map(({ namespace, account }) => `${namespace}/${account}`))].toSorted()

/** The accounts that need a federated credential. */
export const federatedAccounts = ({ grants }: IdentityGrants): readonly string[] =>
  accountsOf({ grants: grants.filter(({ usesBinding }) => !usesBinding) })

/** The accounts that sign in by an identity binding. */
export const boundAccounts = ({ grants }: IdentityGrants): readonly string[] =>
  accountsOf({ grants: grants.filter(({ usesBinding }) => usesBinding) })

/**
 * The commands of the Azure CLI that let the accounts of the files sign in and read their objects, to paste into a shell. All
 * names in comments and in what `kubectl` reads have been checked.
 */
export function writeScript(
  identities: readonly IdentityGrants[],
  names: AzureNames,
): readonly ScriptLine[] {
  const { issuers } = names
  const head =
    issuers.length > 0 || identities.every((identity) => federatedAccounts(identity).length === 0)
      ? []
      : [
          comment(
            'ISSUER is the OIDC issuer of the cluster, and CLUSTER a name for it. On AKS, this command prints the issuer:',
          ),
          suggestion(showIssuer),
          need('ISSUER', 'the OIDC issuer of the cluster'),
          need('CLUSTER', 'a name for the cluster'),
          blank,
        ]
  const aks = identities.some((identity) => boundAccounts(identity).length > 0)
    ? [
        ...Object.entries(aksClusterVariables).map(([name, sentence]) => need(name, sentence)),
        blank,
      ]
    : []
  const sections = identities.map((identity) => [
    ...openIdentity(identity, names),
    ...federatedAccounts(identity).flatMap((account) => credentialCommands(account, issuers)),
    ...bindingCommands(identity),
    ...annotateCommands(identity),
    ...vaultCommands(identity, names),
  ])
  return [
    ...head,
    ...aks,
    ...sections.flatMap((lines, index) => (index === 0 ? lines : [blank, ...lines])),
  ]
}

function openIdentity(identity: IdentityGrants, names: AzureNames): readonly ScriptLine[] {
  const { clientId } = identity
  const who = clientId === undefined ? 'an identity of your choice' : `the client ${clientId}`
  const given = (name: string, written: string | undefined, member: string) => {
    if (written !== undefined) return [set({ [name]: written })]
    if (clientId === undefined) return [need(name, `the ${member} of the managed identity`)]
    return [
      set({ [name]: findIdentity(clientId, member) }),
      need(name, `no managed identity has the client ID ${clientId}`),
    ]
  }
  return [
    comment(`As ${who}, these ServiceAccounts sign in: ${accountsOf(identity).join(', ')}`),
    ...given('IDENTITY_NAME', names.identityName, 'name'),
    ...given('RESOURCE_GROUP', names.resourceGroup, 'resourceGroup'),
  ]
}

/** A member of the identity of the script. */
const ofIdentity = (query: string): Word =>
  output(azQuery('identity show', { ...identityOptions('name'), query }))

const identityOptions = (name: 'name' | 'identity-name') => ({
  [name]: variable('IDENTITY_NAME'),
  'resource-group': variable('RESOURCE_GROUP'),
})

/** The name of a credential tells the clusters apart, because creating one replaces another of the same name. */
function credentialCommands(
  account: string,
  issuers: AzureNames['issuers'],
): readonly ScriptLine[] {
  const [namespace = '', name = ''] = account.split('/')
  const subject = `system:serviceaccount:${namespace}:${name}`
  const base = credentialName(namespace, name)
  const create = (credential: Word, issuer: Word) =>
    createCredential(credential, { ...identityOptions('identity-name'), issuer, subject })
  if (issuers.length === 0)
    return [create(shellWord`${variable('CLUSTER')}-${base}`, variable('ISSUER'))]
  return issuers.map(({ value }) => create(`${base}-${shortHash(value)}`, value))
}

/** One binding for the cluster, and the right to use it for each account. */
function bindingCommands(identity: IdentityGrants): readonly ScriptLine[] {
  const accounts = boundAccounts(identity).map((name) => {
    const [namespace = '', account = ''] = name.split('/')
    return { namespace, account }
  })
  if (accounts.length === 0) return []
  return [
    bindCommand(variable('IDENTITY_NAME'), variable('RESOURCE_GROUP')),
    ...(identity.clientId === undefined ? [setClient()] : []),
    allowCommand(accounts, identity.clientId ?? variable('CLIENT_ID')),
  ]
}

/**
 * Commands that annotate the accounts with their client ID, which the files don't name. They are printed as comments,
 * because the account may be in a cluster that this shell doesn't reach, or may belong in a file.
 */
function annotateCommands(identity: IdentityGrants): readonly ScriptLine[] {
  if (identity.clientId !== undefined) return []
  return [
    comment(
      'The ServiceAccounts have to name the client: add the annotation to their files, or run',
    ),
    suggestion(setClient()),
    ...accountsOf(identity).map((account) => {
      const [namespace = '', name = ''] = account.split('/')
      return suggestion(annotateAccount(namespace, name))
    }),
  ]
}

const setClient = (): ScriptLine => set({ CLIENT_ID: ofIdentity('clientId') })

const shortHash = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 8)

/** Finds the principal and the vaults, and grants what their objects need. */
function vaultCommands(identity: IdentityGrants, names: AzureNames): readonly ScriptLine[] {
  return [
    set({ PRINCIPAL_ID: ofIdentity('principalId') }),
    ...needsOf(identity.grants).flatMap((needs) => {
      const vault = {
        name: needs.vault,
        'resource-group': names.vaultResourceGroup,
        subscription: names.vaultSubscription,
      }
      return names.grants === 'access-policies'
        ? [policyCommand(needs, vault)]
        : [
            set({ VAULT_ID: output(azQuery('keyvault show', { ...vault, query: 'id' })) }),
            ...roleCommands(needs, names.grants),
          ]
    }),
  ]
}

const listsVault =
  'A find lists the secrets of this vault. A role on single secrets doesn’t allow that:'

function roleCommands(
  { objects }: VaultNeeds,
  grants: Exclude<GrantChoice, 'access-policies'>,
): readonly ScriptLine[] {
  const assign = ({ name }: Role, place: string) =>
    run(
      az('role assignment create', {
        role: name,
        scope: shellWord`${variable('VAULT_ID')}${place}`,
        'assignee-object-id': variable('PRINCIPAL_ID'),
        'assignee-principal-type': 'ServicePrincipal',
      }),
    )
  return grants === 'vault'
    ? rolesFor(objects.map(({ collection }) => collection)).map((role) => assign(role, ''))
    : objectsWithRoles({ objects }).flatMap((needed) => {
        const { role } = narrowestGrants[needed.collection]
        return needed.isAll
          ? [comment(listsVault), assign(role, '')]
          : [assign(role, `/${objectPath(needed)}`)]
      })
}

/** The command replaces the permissions that the identity has for these kinds of objects. */
const policyCommand = (
  needs: VaultNeeds,
  vault: Readonly<Record<string, string | undefined>>,
): ScriptLine =>
  run([
    ...az('keyvault set-policy', { ...vault, 'object-id': variable('PRINCIPAL_ID') }),
    ...neededPolicies(needs).flatMap(({ option, permissions }) => [option, ...permissions]),
  ])

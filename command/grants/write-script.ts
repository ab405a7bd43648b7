import { createHash } from 'node:crypto'
import { narrowestGrants, type Role, rolesFor } from '../../lib/azure/narrowest-grants.ts'
import { tokenAudience } from '../../lib/azure/token-audience.ts'
import { isUuid } from '../../lib/values/parse-uuid.ts'
import type { Confirmed } from '../said.ts'
import { aksClusterVariables, allowCommand, bindCommand } from './binding-commands.ts'
import { credentialName } from './credential-name.ts'
import type { Grant } from './grant.ts'
import { shellQuote } from './shell-quote.ts'
import { neededPolicies, needsOf, objectPath, type VaultNeeds } from './vault-needs.ts'

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
 * The commands of the Azure CLI that let the accounts of the files sign in and read their objects, as lines to paste into a
 * shell. All names in them have been checked, or are quoted.
 */
export function writeScript(
  identities: readonly IdentityGrants[],
  names: AzureNames,
): readonly string[] {
  const { issuers } = names
  const head =
    issuers.length > 0 || identities.every((identity) => federatedAccounts(identity).length === 0)
      ? []
      : [
          '# ISSUER is the OIDC issuer of the cluster, and CLUSTER a name for it. On AKS, this command prints the issuer:',
          '# az aks show --name NAME --resource-group GROUP --query oidcIssuerProfile.issuerUrl --output tsv',
          need('ISSUER', 'the OIDC issuer of the cluster'),
          need('CLUSTER', 'a name for the cluster'),
          '',
        ]
  const aks = identities.some((identity) => boundAccounts(identity).length > 0)
    ? [...Object.entries(aksClusterVariables).map(([name, sentence]) => need(name, sentence)), '']
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
    ...sections.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines])),
  ]
}

function openIdentity(identity: IdentityGrants, names: AzureNames): readonly string[] {
  const { clientId } = identity
  const who = clientId === undefined ? 'an identity of your choice' : `the client ${clientId}`
  const find = (member: string) =>
    `"$(az identity list --query "[?clientId=='${clientId}'].${member}" --output tsv)"`
  const variable = (name: string, written: string | undefined, member: string) => {
    if (written !== undefined) return [`${name}=${shellQuote(written)}`]
    if (clientId === undefined) return [need(name, `the ${member} of the managed identity`)]
    return [
      `${name}=${find(member)}`,
      need(name, `no managed identity has the client ID ${clientId}`),
    ]
  }
  return [
    `# As ${who}, these ServiceAccounts sign in: ${accountsOf(identity).join(', ')}`,
    ...variable('IDENTITY_NAME', names.identityName, 'name'),
    ...variable('RESOURCE_GROUP', names.resourceGroup, 'resourceGroup'),
  ]
}

/** A line that ends a script if the variable isn't set, and prints the sentence. */
export const need = (name: string, sentence: string): string => `: "\${${name}:?${sentence}}"`

/** Each cluster's credential has a name of its own, because creating a credential replaces one of the same name. */
function credentialCommands(account: string, issuers: AzureNames['issuers']): readonly string[] {
  const [namespace = '', name = ''] = account.split('/')
  const subject = `system:serviceaccount:${namespace}:${name}`
  const base = credentialName(namespace, name)
  const create = (credential: string, issuer: string) =>
    `az identity federated-credential create --name ${credential} --identity-name "$IDENTITY_NAME" --resource-group "$RESOURCE_GROUP" --issuer ${issuer} --subject ${subject} --audiences ${tokenAudience}`
  if (issuers.length === 0) return [create(`"$CLUSTER-${base}"`, '"$ISSUER"')]
  return issuers.map(({ value }) => create(`${base}-${shortHash(value)}`, shellQuote(value)))
}

/** One binding for the cluster, and the right to use it for each account. */
function bindingCommands(identity: IdentityGrants): readonly string[] {
  const accounts = boundAccounts(identity).map((name) => {
    const [namespace = '', account = ''] = name.split('/')
    return { namespace, account }
  })
  if (accounts.length === 0) return []
  return [
    bindCommand('"$IDENTITY_NAME"', '"$RESOURCE_GROUP"'),
    ...(identity.clientId === undefined
      ? [
          'CLIENT_ID="$(az identity show --name "$IDENTITY_NAME" --resource-group "$RESOURCE_GROUP" --query clientId --output tsv)"',
        ]
      : []),
    ...allowCommand(accounts, identity.clientId).split('\n'),
  ]
}

/**
 * Commands that annotate the accounts with their client ID, which the files don't name. They are printed as comments,
 * because the account may be in a cluster that this shell doesn't reach, or may belong in a file.
 */
function annotateCommands(identity: IdentityGrants): readonly string[] {
  if (identity.clientId !== undefined) return []
  return [
    '# The ServiceAccounts have to name the client: add the annotation to their files, or run',
    '# CLIENT_ID="$(az identity show --name "$IDENTITY_NAME" --resource-group "$RESOURCE_GROUP" --query clientId --output tsv)"',
    ...accountsOf(identity).map((account) => {
      const [namespace = '', name = ''] = account.split('/')
      return `# kubectl annotate serviceaccount ${name} --namespace ${namespace} azure.workload.identity/client-id="$CLIENT_ID"`
    }),
  ]
}

const shortHash = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 8)

/** Finds the principal and the vaults, and grants what their objects need. */
function vaultCommands(identity: IdentityGrants, names: AzureNames): readonly string[] {
  const option = (name: string, value?: string) =>
    value === undefined ? '' : ` --${name} ${shellQuote(value)}`
  const place = `${option('resource-group', names.vaultResourceGroup)}${option('subscription', names.vaultSubscription)}`
  return [
    'PRINCIPAL_ID="$(az identity show --name "$IDENTITY_NAME" --resource-group "$RESOURCE_GROUP" --query principalId --output tsv)"',
    ...needsOf(identity.grants).flatMap((needs) =>
      names.grants === 'access-policies'
        ? [policyCommand(needs, place)]
        : [
            `VAULT_ID="$(az keyvault show --name ${needs.vault}${place} --query id --output tsv)"`,
            ...roleCommands(needs, names.grants),
          ],
    ),
  ]
}

function roleCommands(
  { objects }: VaultNeeds,
  grants: Exclude<GrantChoice, 'access-policies'>,
): readonly string[] {
  const assign = ({ name }: Role, place: string) =>
    `az role assignment create --role '${name}' --scope "$VAULT_ID${place}" --assignee-object-id "$PRINCIPAL_ID" --assignee-principal-type ServicePrincipal`
  return grants === 'vault'
    ? rolesFor(objects.map(({ collection }) => collection)).map((role) => assign(role, ''))
    : objects.map((needed) =>
        assign(narrowestGrants[needed.collection].role, `/${objectPath(needed)}`),
      )
}

/** The command replaces the permissions that the identity has for these kinds of objects. */
function policyCommand(needs: VaultNeeds, place: string): string {
  const permissions = neededPolicies(needs).map(
    ({ option, permissions: some }) => `${option} ${some.join(' ')}`,
  )
  return `az keyvault set-policy --name ${needs.vault}${place} --object-id "$PRINCIPAL_ID" ${permissions.join(' ')}`
}

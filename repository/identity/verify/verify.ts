import { needsOf, type VaultNeeds } from '../../../command/grants/vault-needs.ts'
import {
  type AzureNames,
  boundAccounts,
  federatedAccounts,
  type IdentityGrants,
} from '../../../command/grants/write-script.ts'
import { listNames } from '../../../lib/list-names.ts'
import { printable } from '../../../lib/printable.ts'
import {
  AzUnusable,
  askAssignments,
  askCredentials,
  askIdentity,
  askPolicies,
  askVault,
  rememberAnswers,
  rememberRoles,
} from './ask-azure.ts'
import { compareCredentials } from './compare-credentials.ts'
import { comparePolicies } from './compare-policies.ts'
import { compareRoles, type HeldRole } from './compare-roles.ts'
import { type AzureFinding, missing, note, unknown } from './finding.ts'
import type { AzureVault, ManagedIdentity, RoleAssignment } from './read-azure.ts'
import type { RunAz } from './run-az.ts'
import { scopeOf, vaultOfScope } from './scope-of.ts'

/** The findings about one identity, or about one of its vaults. */
export interface Section {
  readonly title: string
  readonly findings: readonly AzureFinding[]
}

interface Surroundings {
  readonly az: RunAz
  readonly names: AzureNames
  readonly askRole: ReturnType<typeof rememberRoles>
}

/**
 * Compares what identities need with what Azure has, without changing anything. Anything that can't be read becomes a
 * finding, so that it never looks like a match.
 */
export async function verify(
  identities: readonly IdentityGrants[],
  names: AzureNames,
  az: RunAz,
): Promise<readonly Section[]> {
  const once = rememberAnswers(az)
  const surroundings = { az: once, names, askRole: rememberRoles(once) }
  const sections: Section[] = []
  try {
    for (const identity of identities)
      await verifyIdentity(identity, surroundings, (section) => sections.push(section))
  } catch (error) {
    if (!(error instanceof AzUnusable)) throw error
    sections.push({ title: 'Azure CLI', findings: [unknown(error.message)] })
  }
  return sections
}

/** Identity bindings aren't compared, because `az` lists them by cluster, and no manifest names its cluster. */
const boundFindings = (identity: IdentityGrants): readonly AzureFinding[] => {
  const accounts = boundAccounts(identity)
  return accounts.length === 0
    ? []
    : [
        unknown(
          `identity bindings aren’t compared; these accounts need one: ${listNames(accounts)}. Check with az aks identity-binding list and kubectl auth can-i`,
        ),
      ]
}

async function verifyIdentity(
  identity: IdentityGrants,
  surroundings: Surroundings,
  report: (section: Section) => void,
): Promise<void> {
  const { az, names } = surroundings
  const who = identity.clientId === undefined ? 'the identity' : `client ${identity.clientId}`
  const answer = await askIdentity(az, identity, names)
  if (answer.kind === 'unknown') return report({ title: who, findings: [answer] })
  const found = answer.value
  const credentials = await askCredentials(az, found)
  report({
    title: `${who} (${printable(found.name)} in ${printable(found.resourceGroup)})`,
    findings: [
      ...clientFindings(identity, found),
      ...(credentials.kind === 'unknown'
        ? [credentials]
        : compareCredentials(
            {
              accounts: federatedAccounts(identity),
              issuers: names.issuers.map(({ value }) => value),
            },
            credentials.value,
          )),
      ...boundFindings(identity),
    ],
  })
  const needs = needsOf(identity.grants)
  const scopes = new Set<string>()
  for (const vault of needs) {
    const section = await verifyVault(vault, { found, scopes, surroundings })
    report({ ...section, title: `${who}, ${section.title}` })
  }
  const others = otherVaults(scopes, needs)
  if (others.length > 0)
    report({
      title: `${who}, other vaults`,
      findings: [note(`it has roles on vaults that the files don’t read: ${listNames(others)}`)],
    })
}

function otherVaults(scopes: Iterable<string>, needs: readonly VaultNeeds[]): readonly string[] {
  const read = new Set(needs.map(({ vault }) => vault))
  const names = [...scopes].flatMap((scope) => vaultOfScope(scope)?.toLowerCase() ?? [])
  return [...new Set(names)].filter((name) => !read.has(name)).toSorted()
}

/** Reports if the options name an identity whose client isn't the one in the files. */
const clientFindings = (
  { clientId }: IdentityGrants,
  found: ManagedIdentity,
): readonly AzureFinding[] =>
  clientId === undefined || found.clientId.toLowerCase() === clientId
    ? []
    : [missing(`this identity has the client ID ${found.clientId}, which the files don’t name`)]

async function verifyVault(
  needs: VaultNeeds,
  {
    found,
    scopes,
    surroundings,
  }: {
    readonly found: ManagedIdentity
    /** Collects the scopes at which the identity has roles. */
    readonly scopes: Set<string>
    readonly surroundings: Surroundings
  },
): Promise<Section> {
  const { az, names } = surroundings
  const vault = await askVault(az, needs, names)
  const title = `vault ${needs.vault}`
  if (vault.kind === 'unknown') return { title, findings: [vault] }
  const assignments = await askAssignments(az, found, vault.value)
  if (assignments.kind === 'unknown') return { title, findings: [assignments] }
  for (const { scope } of assignments.value) scopes.add(scope)
  const { held, unread } = await readHeld(assignments.value, vault.value, surroundings)
  const question = {
    vault: vault.value,
    needs,
    principalId: found.principalId,
    isByObject: names.grants === 'object',
  }
  const roles = [...unread, ...compareRoles(question, held)]
  const { policies } = vault.value
  if (policies === undefined) return { title: `${title} (roles)`, findings: roles }
  const applied = await askPolicies(az, found, policies)
  return {
    title: `${title} (access policies)`,
    findings: [
      ...(applied.groups.kind === 'unknown'
        ? [unknown(`which groups the identity is in: ${applied.groups.sentence}`)]
        : []),
      ...comparePolicies(question, applied.policies),
      ...roles,
    ],
  }
}

/** Reads the roles of the assignments that concern the vault. */
async function readHeld(
  assignments: readonly RoleAssignment[],
  { id }: AzureVault,
  { askRole }: Surroundings,
): Promise<{ readonly held: readonly HeldRole[]; readonly unread: readonly AzureFinding[] }> {
  const held: HeldRole[] = []
  const unread = new Map<string, AzureFinding>()
  for (const assignment of assignments) {
    const scope = scopeOf(assignment.scope, id)
    if (scope === undefined) continue
    const role = await askRole(assignment.roleDefinitionId)
    if (role.kind === 'known') held.push({ assignment, scope, role: role.value })
    else unread.set(assignment.roleDefinitionId, role)
  }
  return { held, unread: [...unread.values()] }
}

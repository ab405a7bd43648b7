import { narrowestGrants } from '../../../lib/azure/narrowest-grants.ts'
import type { AzureRole, RolePermission } from './read-azure.ts'

/**
 * Matches the actions of roles as Azure does: it ignores case, and `*` matches any text:
 * https://learn.microsoft.com/azure/role-based-access-control/role-definitions
 */

/**
 * Whether a pattern matches a text. The text may be a pattern, too: then the first one matches everything that the second
 * one matches.
 */
export function matchesAction(pattern: string, text: string): boolean {
  const found = text.toLowerCase()
  const [start = '', ...others] = pattern.toLowerCase().split('*')
  const end = others.pop()
  if (end === undefined) return found === start
  if (!found.startsWith(start) || !found.endsWith(end)) return false
  // Taking the first match of each part leaves the most text for the next part.
  let at = start.length
  for (const part of others) {
    const match = found.indexOf(part, at)
    if (match < 0) return false
    at = match + part.length
  }
  return at <= found.length - end.length
}

const matchesAny = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => matchesAction(pattern, text))

/** What a role allows in a vault. */
export interface RoleFacts {
  readonly name: string
  /** Which of the data actions that we use the role allows for certain, and which it allows if a condition is met. */
  readonly allowed: ReadonlySet<string>
  readonly conditional: ReadonlySet<string>
  /** The patterns of data actions that it allows in a vault, as in the role's definition. */
  readonly vaultActions: readonly string[]
  /** Whether holders of the role can give themselves access to a vault. */
  readonly canChangeAccess: boolean
}

/** Evaluates a role's actions. Do this once for each role, because thousands of assignments may have the same one. */
export function factsOf({ roleName, permissions }: AzureRole): RoleFacts {
  const allowing = (some: readonly RolePermission[]) =>
    new Set(usedActions.filter((action) => some.some((permission) => isData(permission, action))))
  const allowed = allowing(permissions.filter((permission) => !isConditional(permission)))
  return {
    name: roleName,
    allowed,
    conditional: new Set([...allowing(permissions)].filter((action) => !allowed.has(action))),
    vaultActions: [...new Set(permissions.flatMap(vaultActionsOf))],
    canChangeAccess: permissions.some(changesAccess),
  }
}

const usedActions = Object.values(narrowestGrants).flatMap(({ getAction, listAction }) => [
  getAction,
  listAction,
])

const isData = ({ dataActions, notDataActions }: RolePermission, action: string): boolean =>
  matchesAny(dataActions, action) && !matchesAny(notDataActions, action)

export const isConditional = ({ condition }: { readonly condition?: string | null }): boolean =>
  condition !== undefined && condition !== null && condition !== ''

/** Returns the patterns that concern vaults, except those that an exception of the role covers completely. */
const vaultActionsOf = ({ dataActions, notDataActions }: RolePermission): readonly string[] =>
  dataActions.filter((pattern) => concernsVaults(pattern) && !matchesAny(notDataActions, pattern))

/** Returns the role's data actions in a vault that no allowed pattern covers completely. */
export const extraActions = (
  { vaultActions }: RoleFacts,
  allowed: readonly string[],
): readonly string[] => vaultActions.filter((action) => !matchesAny(allowed, action))

const vaultPrefix = 'microsoft.keyvault/vaults/'

/** Whether a pattern may match a data action of a vault. */
function concernsVaults(pattern: string): boolean {
  const [start = '', ...rest] = pattern.toLowerCase().split('*')
  return start.startsWith(vaultPrefix) || (rest.length > 0 && vaultPrefix.startsWith(start))
}

const accessActions = [
  'Microsoft.Authorization/roleAssignments/write',
  'Microsoft.Authorization/roleDefinitions/write',
  'Microsoft.KeyVault/vaults/write',
  'Microsoft.KeyVault/vaults/accessPolicies/write',
]

const changesAccess = ({ actions, notActions }: RolePermission): boolean =>
  accessActions.some((action) => matchesAny(actions, action) && !matchesAny(notActions, action))

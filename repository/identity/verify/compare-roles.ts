import {
  type NeededObject,
  objectPath,
  objectsWithRoles,
  type VaultNeeds,
} from '../../../command/grants/vault-needs.ts'
import { narrowestGrants, rolesFor } from '../../../lib/azure/narrowest-grants.ts'
import { listNames } from '../../../lib/list-names.ts'
import { printable } from '../../../lib/printable.ts'
import { type AzureFinding, missing, tooMuch, unknown } from './finding.ts'
import { extraActions, isConditional, type RoleFacts } from './match-actions.ts'
import type { AzureVault, RoleAssignment } from './read-azure.ts'
import { type Scope, scopeName } from './scope-of.ts'

/** A role that the identity has at a vault, above it or below it. */
export interface HeldRole {
  readonly assignment: RoleAssignment
  readonly scope: Scope
  readonly role: RoleFacts
}

interface RoleQuestion {
  readonly vault: AzureVault
  readonly needs: VaultNeeds
  readonly principalId: string
  /** Whether each object should have an assignment of its own, instead of one for the whole vault. */
  readonly isByObject: boolean
}

/**
 * Compares the roles that an identity holds for a vault with the narrowest roles for the objects that it reads. In a
 * vault with access policies, a role gives no access to objects, but may allow its holder to change the policies.
 */
export function compareRoles(
  question: RoleQuestion,
  held: readonly HeldRole[],
): readonly AzureFinding[] {
  const absent = usesRoles(question) ? missingRoles(question, held) : []
  return [...absent, ...held.flatMap((role) => extraOf(role, question))]
}

const usesRoles = ({ vault }: RoleQuestion): boolean => vault.policies === undefined

function missingRoles(
  { needs, isByObject }: RoleQuestion,
  held: readonly HeldRole[],
): readonly AzureFinding[] {
  const needed = isByObject ? objectsWithRoles(needs) : needs.objects
  const lacking = needed.filter(
    (object) =>
      !actionsOf(object).every((action) =>
        held.some((role) => isAt(role, object) && allows(role, action) === 'yes'),
      ),
  )
  const conditional = lacking.flatMap((object) =>
    held.filter(
      (role) =>
        isAt(role, object) && actionsOf(object).some((action) => allows(role, action) === 'maybe'),
    ),
  )
  const byRole = Map.groupBy(lacking, ({ collection, isAll }) => {
    const place = isByObject && !isAll ? 'each of these objects' : 'the vault'
    return `${narrowestGrants[collection].role.name} on ${place}`
  })
  return [
    ...[...byRole].map(([role, objects]) =>
      missing(`${role}, to read ${listNames(objects.map(objectPath))}`),
    ),
    ...[...new Set(conditional.map(({ role }) => role.name))].map((name) =>
      unknown(`the role ${printable(name)} has a condition, which can’t be evaluated`),
    ),
  ]
}

const isAt = ({ scope }: HeldRole, object: NeededObject): boolean =>
  scope.kind !== 'object' || scope.path === objectPath(object).toLowerCase()

function allows({ assignment, role }: HeldRole, action: string): 'yes' | 'maybe' | 'no' {
  if (role.allowed.has(action)) return isConditional(assignment) ? 'maybe' : 'yes'
  return role.conditional.has(action) ? 'maybe' : 'no'
}

function actionsOf({ collection, hasHistory }: NeededObject): readonly string[] {
  const { getAction, listAction } = narrowestGrants[collection]
  return hasHistory ? [getAction, listAction] : [getAction]
}

/**
 * Finds what one role allows beyond the needs. A role that can neither read the vault nor change access to it is fine.
 */
function extraOf(
  { assignment, scope, role }: HeldRole,
  question: RoleQuestion,
): readonly AzureFinding[] {
  const { needs, principalId, isByObject } = question
  const objects =
    scope.kind === 'object'
      ? needs.objects.filter((object) => objectPath(object).toLowerCase() === scope.path)
      : needs.objects
  const readsVault = usesRoles(question) && role.vaultActions.length > 0
  const extra = readsVault ? extraActions(role, actionsFor(objects)) : []
  // A find needs a role for the whole vault, but only for secrets.
  const isTooWide =
    isByObject &&
    scope.kind !== 'object' &&
    extraActions(role, actionsFor(needs.objects.filter(({ isAll }) => isAll))).length > 0
  const reasons = [
    ...(extra.length > 0 ? [extraReason(extra, objects)] : []),
    ...(readsVault && scope.kind === 'above' ? ['it holds for other vaults, too'] : []),
    ...(readsVault && isTooWide ? ['it holds for all objects of the vault'] : []),
    ...(role.canChangeAccess ? ['it can change who may read the vault'] : []),
  ]
  if (reasons.length === 0) return []
  const group =
    assignment.principalId.toLowerCase() === principalId.toLowerCase()
      ? ''
      : `, through the group ${printable(assignment.principalId)}`
  return [
    tooMuch(
      `${printable(role.name)} on ${scopeName(assignment.scope, scope)}${group}: ${reasons.join('; ')}`,
    ),
  ]
}

/** The data actions of the narrowest roles for some objects. */
const actionsFor = (objects: readonly NeededObject[]): readonly string[] =>
  rolesFor(objects.map(({ collection }) => collection)).flatMap(({ dataActions }) => dataActions)

function extraReason(extra: readonly string[], objects: readonly NeededObject[]): string {
  if (objects.length === 0) return 'the files don’t read this object'
  const names = extra.map((action) =>
    printable(action.replace(/^Microsoft\.KeyVault\/vaults\//i, ''), 120),
  )
  return `reading what the files name doesn’t need ${listNames(names)}`
}

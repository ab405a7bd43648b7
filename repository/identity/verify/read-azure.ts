import {
  type Accepted,
  type Check,
  isObject,
  listOf,
  matches,
  nullable,
  object,
  string,
} from '../../../lib/shape.ts'
import { isUuid } from '../../../lib/values/parse-uuid.ts'

/**
 * Parses the output of the Azure CLI, version 2.91.0. Each function returns undefined for output that it doesn't know.
 * Only text that has been checked here may become an argument of another command.
 */

/**
 * Azure's texts are far shorter: a scope has a few hundred characters. NUL is refused, because no program argument can
 * contain it.
 */
const text = string((value) => value.length <= 2000 && !value.includes('\0'))
const uuid = string(isUuid)
const texts = nullable(listOf(text))

/** Reads a list of bounded length. Azure's own limits are far lower. */
function readList<T>(
  value: unknown,
  shape: Check<T>,
  maxEntries: number,
): readonly T[] | undefined {
  if (!Array.isArray(value) || value.length > maxEntries) return undefined
  return value.every((item) => matches(shape, item)) ? value : undefined
}

const identityShape = object({ name: text, resourceGroup: text, clientId: uuid, principalId: uuid })
export type ManagedIdentity = Accepted<typeof identityShape>

export const readIdentity = (value: unknown): ManagedIdentity | undefined =>
  matches(identityShape, value) ? value : undefined

export const readIdentities = (value: unknown): readonly ManagedIdentity[] | undefined =>
  readList(value, identityShape, 1000)

const credentialShape = object({
  name: text,
  issuer: text,
  /** Absent for a flexible credential, which matches a pattern of subjects. */
  subject: nullable(text),
  audiences: texts,
})
export type AzureCredential = Accepted<typeof credentialShape>

export const readCredentials = (value: unknown): readonly AzureCredential[] | undefined =>
  readList(value, credentialShape, 1000)

const policyShape = object({
  objectId: text,
  /** Set for tokens that an application requests on behalf of somebody else. */
  applicationId: nullable(text),
  permissions: object({ keys: texts, secrets: texts, certificates: texts, storage: texts }),
})
export type AccessPolicy = Accepted<typeof policyShape>

export interface AzureVault {
  /** A resource ID, which ends with the vault's name. */
  readonly id: string
  readonly subscription: string
  /** Absent if the vault uses roles. */
  readonly policies?: readonly AccessPolicy[]
}

/** @param name - the vault that was asked for */
export function readVault(value: unknown, name: string): AzureVault | undefined {
  if (!isObject(value) || typeof value['id'] !== 'string' || !isObject(value['properties'])) return
  const { id, properties } = value
  const [, subscription, vault] =
    /^\/subscriptions\/([0-9a-f-]{36})\/resourceGroups\/[^/\p{C}]{1,90}\/providers\/Microsoft\.KeyVault\/vaults\/([\w-]{3,24})$/iu.exec(
      id,
    ) ?? []
  if (subscription === undefined || vault?.toLowerCase() !== name.toLowerCase()) return
  if (properties['enableRbacAuthorization'] === true) return { id, subscription }
  const policies = readList(properties['accessPolicies'] ?? [], policyShape, 2000)
  return policies && { id, subscription, policies }
}

const assignmentShape = object({
  id: text,
  scope: string((value) => /^\/[^\0]{0,2000}$/.test(value)),
  roleDefinitionId: string((value) =>
    /^(?:\/[^/\p{C}]{1,90}){0,20}\/providers\/Microsoft\.Authorization\/roleDefinitions\/[0-9a-f-]{36}$/iu.test(
      value,
    ),
  ),
  principalId: text,
  condition: nullable(string()),
})
export type RoleAssignment = Accepted<typeof assignmentShape>

export const readAssignments = (value: unknown): readonly RoleAssignment[] | undefined =>
  readList(value, assignmentShape, 5000)

const permissionShape = object({
  actions: texts,
  notActions: texts,
  dataActions: texts,
  notDataActions: texts,
  condition: nullable(string()),
})

export type AzureRole = NonNullable<ReturnType<typeof readRole>>
export type RolePermission = AzureRole['permissions'][number]

export function readRole(value: unknown) {
  if (!isObject(value) || text(value['roleName']) !== undefined) return undefined
  const permissions = readList(value['permissions'], permissionShape, 100)
  if (permissions === undefined) return undefined
  const count = (name: 'actions' | 'notActions' | 'dataActions' | 'notDataActions') =>
    permissions.reduce((sum, permission) => sum + (permission[name]?.length ?? 0), 0)
  if (count('actions') + count('notActions') > maxActions) return undefined
  if (count('dataActions') + count('notDataActions') > maxDataActions) return undefined
  return {
    roleName: String(value['roleName']),
    permissions: permissions.map((permission) => ({
      actions: permission.actions ?? [],
      notActions: permission.notActions ?? [],
      dataActions: permission.dataActions ?? [],
      notDataActions: permission.notDataActions ?? [],
      condition: permission.condition ?? null,
    })),
  }
}

/** The limit for one role. Azure's largest built-in roles have a few hundred actions and dozens of data actions. */
const maxActions = 5000
const maxDataActions = 500

/** Reads the IDs of groups from an answer of Microsoft Graph. */
export const readGroups = (value: unknown): readonly string[] | undefined =>
  isObject(value) && Array.isArray(value['value']) && value['value'].length <= 20_000
    ? value['value'].filter((id) => uuid(id) === undefined)
    : undefined

/** Reads the address of Microsoft Graph in the cloud that `az` uses. */
export const readGraph = (value: unknown): string | undefined =>
  typeof value === 'string' && /^https:\/\/[a-z0-9.-]{1,100}\/?$/.test(value)
    ? value.replace(/\/$/, '')
    : undefined

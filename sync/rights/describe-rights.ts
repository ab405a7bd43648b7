import type { NeededAccess } from '../../requests/access/sync-needs.ts'
import { maxAccounts, type Rights } from './read-rights.ts'

/** How a namespace that concerns the controller is. All others have no state. */
export const rightsStates = ['ready', 'lacking', 'unnamed', 'terminating', 'unknown'] as const
export type RightsState = (typeof rightsStates)[number]

/** What is known of a namespace. */
export interface KnownRights {
  /** Undefined before the first answer. */
  readonly rights: Rights | undefined
  readonly isTerminating: boolean
  /** Why the last review failed. */
  readonly failure: string | undefined
}

/** The state of a namespace. Undefined if it has nothing to do with the controller. */
export function stateOf({ rights, isTerminating, failure }: KnownRights): RightsState | undefined {
  const isOurs = rights !== undefined && rights.accounts.size > 0
  if (isTerminating) return isOurs ? 'terminating' : undefined
  if (failure !== undefined) return 'unknown'
  if (isOurs) return rights.lacking.length > 0 || rights.isTooMany ? 'lacking' : 'ready'
  return rights?.isUnnamed === true ? 'unnamed' : undefined
}

const advice = 'apply the Role that "akv-injector rbac" prints'

/** A sentence about a namespace that needs attention. Undefined if it doesn't. */
export function describeRights(known: KnownRights): string | undefined {
  const state = stateOf(known)
  switch (state) {
    case 'terminating':
      return 'the namespace is being deleted, so its Secrets are not synced any more'
    case 'unknown':
      return `the API server does not say what the controller may do in the namespace: ${known.failure}`
    case 'lacking':
      return known.rights && lackingSentence(known.rights)
    case 'unnamed':
      return `a Role lets the controller create tokens of any ServiceAccount in the namespace, which enables none: it has to name them (resourceNames); ${advice}`
    default:
      return undefined
  }
}

function lackingSentence({ lacking, isTooMany }: Rights): string {
  const sentences = [
    ...(lacking.length > 0
      ? [`the controller may not ${lacking.map(describeAccess).join(', ')} there; ${advice}`]
      : []),
    ...(isTooMany
      ? [
          `Roles name more ServiceAccounts than the controller accepts, so not all are enabled; accepted: ${maxAccounts}, and as many as the namespace's share of its memory has room for`,
        ]
      : []),
  ]
  return sentences.join('. ')
}

const describeAccess = ({ verb, resource, name }: NeededAccess): string =>
  [verb, resource, name ?? []].flat().join(' ')

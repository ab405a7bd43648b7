import { isName, subdomainName } from '../../lib/name-rules.ts'
import { rolloutsMark } from '../../requests/access/rollout-needs.ts'
import type { NeededAccess } from '../../requests/access/sync-needs.ts'
import { tokens } from '../../requests/access/sync-needs.ts'
import type { ResourceRule, RulesReview } from '../cluster/cluster-port.ts'

/** What the controller may do in a namespace. */
export interface Rights {
  /** The enabled accounts: a rule that lets the controller create tokens names them. */
  readonly accounts: ReadonlySet<string>
  /** The accounts that are enabled for roll-outs: they are named together with {@link rolloutsMark}. */
  readonly rollouts: ReadonlySet<string>
  /** What it may not do although it needs to for these accounts. The first few. */
  readonly lacking: readonly NeededAccess[]
  /** Whether a rule lets it create tokens without naming the accounts. Such a rule enables none. */
  readonly isUnnamed: boolean
  /** Whether rules name more accounts than count. */
  readonly isTooMany: boolean
  /** Whether there may be more rights than these. */
  readonly isIncomplete: boolean
}

/** How many accounts of a namespace can be enabled. Anyone who may write a Role there names as many as fit into it. */
export const maxAccounts = 5000
/** A sentence names no more. */
const maxLacking = 10

const statusWrite = { verb: 'patch', group: '', resource: 'serviceaccounts' } as const

/**
 * Reads what the API server says of the controller's rights in a namespace.
 *
 * @param needs - what the controller needs besides the tokens and the statuses of accounts
 */
export function readRights(
  { rules, isIncomplete }: RulesReview,
  needs: readonly NeededAccess[],
): Rights {
  const all = rules.filter((rule) => concerns(rule, tokens))
  const forTokens = all.filter((rule) => !isForRollouts(rule))
  const { names: accounts, isTooMany } = namesIn(forTokens)
  const rollouts = namesIn(all.filter(isForRollouts)).names
  const forStatuses = rules.filter((rule) => concerns(rule, statusWrite))
  const lacking = accounts.size === 0 ? [] : lackingIn(rules, needs)
  if (forStatuses.every(({ resourceNames }) => resourceNames.length > 0)) {
    const patched = new Set(forStatuses.flatMap(({ resourceNames }) => resourceNames))
    for (const name of accounts) {
      if (lacking.length >= maxLacking) break
      if (!patched.has(name)) lacking.push({ ...statusWrite, name })
    }
  }
  const isUnnamed = forTokens.some(isForAny)
  return { accounts, rollouts, lacking, isUnnamed, isTooMany, isIncomplete }
}

const isForRollouts = ({ resourceNames }: ResourceRule): boolean =>
  resourceNames.includes(rolloutsMark)

const lackingIn = (
  rules: readonly ResourceRule[],
  needs: readonly NeededAccess[],
): NeededAccess[] =>
  needs
    .filter(
      (need) => !rules.some((rule) => concerns(rule, need) && rule.resourceNames.length === 0),
    )
    .slice(0, maxLacking)

/** Whether a rule is about this, whatever names it has. */
function concerns(
  { verbs, apiGroups, resources }: ResourceRule,
  { verb, group, resource }: NeededAccess,
): boolean {
  const has = (list: readonly string[], ...accepted: readonly string[]) =>
    list.some((entry) => entry === '*' || accepted.includes(entry))
  const [, subresource] = resource.split('/')
  return (
    has(verbs, verb) &&
    has(apiGroups, group) &&
    has(resources, resource, ...(subresource === undefined ? [] : [`*/${subresource}`]))
  )
}

/** To RBAC, a star among the names is no wildcard, but whoever writes one means any name. */
const isForAny = ({ resourceNames }: ResourceRule): boolean =>
  resourceNames.length === 0 || resourceNames.includes('*')

function namesIn(rules: readonly ResourceRule[]) {
  const names = new Set<string>()
  for (const { resourceNames } of rules)
    for (const name of resourceNames) {
      if (names.has(name) || !isName(name, subdomainName)) continue
      if (names.size >= maxAccounts) return { names, isTooMany: true }
      names.add(name)
    }
  return { names, isTooMany: false }
}

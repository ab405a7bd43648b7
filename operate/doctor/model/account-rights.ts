import { rolloutsMark } from '../../../requests/access/rollout-needs.ts'
import type { NeededAccess } from '../../../requests/access/sync-needs.ts'
import { tokens } from '../../../requests/access/sync-needs.ts'
import type { AccountRights } from './cluster-facts.ts'
import { concerns, isPermitted, type Rule } from './rbac.ts'

/** As many accounts of a namespace can be enabled. */
const maxEnabled = 5000
const statusWrite = { verb: 'patch', group: '', resource: 'serviceaccounts' } as const

/**
 * Finds what the controller lacks in one namespace, for each account that requests Secrets there and each one that is
 * enabled. As for the controller, a rule enables only accounts that it names.
 *
 * @param rules - what RBAC lets the controller do in this namespace
 * @param asking - the names of accounts that request Secrets with an annotation
 * @param needs - what the controller needs besides the tokens and the statuses of accounts
 */
export function rightsInNamespace(
  namespace: string,
  {
    rules,
    asking,
    needs,
    isUnsure,
  }: {
    readonly rules: readonly Rule[]
    readonly asking: readonly string[]
    readonly needs: readonly NeededAccess[]
    readonly isUnsure: boolean
  },
): readonly AccountRights[] {
  const isAsking = new Set(asking)
  // A rule with the mark enables accounts for roll-outs only.
  const forTokens = rules.filter(
    (rule) => concerns(rule, tokens) && !rule.resourceNames.includes(rolloutsMark),
  )
  const enabled = new Set(
    forTokens.flatMap(({ resourceNames }) => resourceNames).slice(0, maxEnabled),
  )
  const shared = needs.filter((need) => !isPermitted(rules, need)).map(describeNeed)
  const isForAny = forTokens.some(({ resourceNames }) => resourceNames.length === 0)
  return [...new Set([...isAsking, ...enabled])].map((account) => ({
    namespace,
    account,
    isAsking: isAsking.has(account),
    lacking: [
      ...(enabled.has(account) ? [] : [isForAny ? unnamed : describeNeed(tokens)]),
      ...(isPermitted(rules, { ...statusWrite, name: account }) ? [] : [describeNeed(statusWrite)]),
      ...shared,
    ],
    isUnsure,
  }))
}

const describeNeed = ({ verb, resource }: NeededAccess): string => `${verb} ${resource}`
const unnamed = `${describeNeed(tokens)} by a rule that names the account`

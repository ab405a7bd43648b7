import type { NeededAccess } from '../../requests/access/sync-needs.ts'
import { tokens } from '../../requests/access/sync-needs.ts'
import type { SyncCluster } from '../cluster/cluster-port.ts'
import { type Rights, readRights } from './read-rights.ts'

type ReviewCluster = Pick<SyncCluster, 'reviewRules' | 'reviewAccess'>

/** How many things one review asks for one by one. */
const maxQuestions = 20

/**
 * Asks the API server for the controller's rights in a namespace. If its answer is incomplete, as on clusters with a webhook
 * authorizer, it asks for each right that is missing.
 *
 * @param options - `before`: the accounts that were enabled before
 */
export async function reviewRights(
  cluster: ReviewCluster,
  options: {
    readonly namespace: string
    readonly needs: readonly NeededAccess[]
    readonly before: ReadonlySet<string>
  },
): Promise<Rights> {
  const { namespace, needs, before } = options
  const rights = readRights(await cluster.reviewRules(namespace), needs)
  if (!rights.isIncomplete) return rights
  const lost = [...before].filter((name) => !rights.accounts.has(name))
  const isAllowed = (access: NeededAccess) => cluster.reviewAccess(namespace, access)
  const kept: string[] = []
  for (const [index, name] of lost.entries())
    if (index >= maxQuestions || (await orIfUnknown(isAllowed({ ...tokens, name }), true)))
      kept.push(name)
  const lacking: NeededAccess[] = []
  for (const access of rights.lacking)
    if (!(await orIfUnknown(isAllowed(access), false))) lacking.push(access)
  return { ...rights, accounts: new Set([...rights.accounts, ...kept]), lacking }
}

const orIfUnknown = (answer: Promise<boolean>, otherwise: boolean): Promise<boolean> =>
  answer.catch(() => otherwise)

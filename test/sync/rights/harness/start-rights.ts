import type { Test } from 'tap'
import { AkvError } from '../../../../lib/errors/akv-error.ts'
import type { NeededAccess } from '../../../../requests/access/sync-needs.ts'
import { syncNeeds } from '../../../../requests/access/sync-needs.ts'
import type { ApiServerOutage } from '../../../../sync/cluster/api-server-outage.ts'
import type {
  RulesReview,
  SeenNamespace,
  WatchOptions,
} from '../../../../sync/cluster/cluster-port.ts'
import type { FairShares } from '../../../../sync/memory/fair-shares.ts'
import { EnabledAccounts } from '../../../../sync/rights/enabled-accounts.ts'
import { rulesFor } from '../../../support/api-server/rights.ts'
import { manualClock } from '../../../support/manual-clock.ts'
import { memoryLog } from '../../../support/memory-log.ts'
import { ampleShares } from '../../harness/ample-shares.ts'
import { noOutage } from '../../harness/no-outage.ts'

export const forbidden = new AkvError('AKV_CLUSTER_FORBIDDEN', 'it is forbidden')

export type Answer = RulesReview | Promise<RulesReview> | Error | 'hangs'

/** The answer for a namespace that enables these accounts. */
export const enabling = (
  accounts: readonly string[],
  more: Partial<RulesReview> = {},
): RulesReview => ({
  rules: rulesFor(accounts).map(({ resourceNames = [], ...rule }) => ({ ...rule, resourceNames })),
  isIncomplete: false,
  ...more,
})
export const nothing: RulesReview = { rules: [], isIncomplete: false }
const needs = syncNeeds({ kinds: [], watch: 'cluster' })

/** A cluster whose answers the test changes, after the first looks. */
export async function startRights(
  t: Test,
  first: Readonly<Record<string, Answer>>,
  {
    outage = noOutage,
    memory = ampleShares(),
  }: { readonly outage?: ApiServerOutage; readonly memory?: FairShares } = {},
) {
  const answers = new Map(Object.entries(first))
  const reviews: string[] = []
  const questions: string[] = []
  const changes: string[] = []
  const sizes: number[] = []
  const allowed = new Set<string>()
  const unanswered = new Set<string>()
  const stop = new AbortController()
  const { log, lines } = memoryLog()
  let watching: WatchOptions<SeenNamespace> | undefined
  let endWatch: ((error: Error) => void) | undefined
  let version = 1
  const recreated = new Map<string, number>()
  const seen = (name: string, isTerminating = false): SeenNamespace => ({
    name,
    uid: `${name}-${recreated.get(name) ?? 0}`,
    isTerminating,
    resourceVersion: String(version++),
  })
  const clock = manualClock()
  const enabled = new EnabledAccounts({
    cluster: {
      namespaces: {
        list: async () => ({
          objects: [...answers.keys()].map((name) => seen(name)),
          resourceVersion: String(version++),
        }),
        watch: (options) => {
          watching = options
          options.onOpen?.()
          return new Promise((resolve, reject) => {
            endWatch = reject
            options.signal.addEventListener('abort', () => resolve('9'))
          })
        },
      },
      async reviewRules(namespace) {
        reviews.push(namespace)
        const answer = answers.get(namespace) ?? nothing
        if (answer === 'hangs') return await new Promise<never>(() => undefined)
        if (answer instanceof Error) throw answer
        return await answer
      },
      async reviewAccess(namespace, { verb, resource, name }: NeededAccess) {
        questions.push(`${namespace} ${verb} ${resource} ${name}`)
        if (unanswered.has(String(name))) throw forbidden
        return allowed.has(String(name))
      },
    },
    outage,
    needs,
    memory,
    clock,
    log,
    signal: stop.signal,
  })
  t.teardown(() => stop.abort())
  enabled.start((namespace) => {
    changes.push(namespace)
    const { size } = enabled.of(namespace)
    sizes.push(size)
    // As the controller does.
    if (size === 0) memory.releaseAll(namespace)
  })
  const problemBefore = enabled.problem()
  while (new Set(reviews).size < answers.size) await clock.pass(0)
  await clock.pass(0)
  return {
    problemBefore,
    enabled,
    answers,
    reviews,
    questions,
    changes,
    /** How many accounts were enabled at each change. */
    sizes,
    allowed,
    unanswered,
    lines,
    clock,
    put: (name: string, isTerminating = false) => watching?.onObject(seen(name, isTerminating)),
    recreate(name: string) {
      watching?.onGone(name, seen(name))
      recreated.set(name, (recreated.get(name) ?? 0) + 1)
      watching?.onObject(seen(name))
    },
    remove: (name: string) => watching?.onGone(name, seen(name)),
    /** Deletes a namespace and creates it again while no watch is open. */
    recreateUnwatched(name: string) {
      recreated.set(name, (recreated.get(name) ?? 0) + 1)
      endWatch?.(new Error('the version is too old'))
    },
  }
}

export type StartedRights = Awaited<ReturnType<typeof startRights>>

/** The namespaces that have enabled accounts. */
export const ours = ({ enabled, answers }: StartedRights): readonly string[] =>
  [...answers.keys()].filter((namespace) => enabled.of(namespace).size > 0)

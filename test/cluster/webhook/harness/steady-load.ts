import { slowness } from '../../../support/start-fast/end-hangs.ts'
import type { Answer } from '../../client/api.ts'
import { isOutOfTime } from '../../client/call-patiently.ts'
import type { Cluster } from '../../client/cluster.ts'
import { agentOf, annotatedPod, type Pod } from '../../client/pods.ts'

export interface LoadResult {
  readonly admitted: number
  /** One message for each pod that wasn't admitted with an agent. */
  readonly failures: readonly string[]
  /** The longest time from a call to its answer. */
  readonly slowestMs: number
}

/**
 * Creates annotated pods by dry run, `perSecond` of them if the machine can do it. A slower machine gets a lower rate:
 * calls that were only queued here would delay the end of the test, and load nothing.
 *
 * @param namespaces - where to create the pods, in turns
 */
export function startSteadyLoad(
  cluster: Cluster,
  perSecond: number,
  namespaces: readonly string[] = ['default'],
) {
  let admitted = 0
  let slowestMs = 0
  const failures: string[] = []
  const pending = new Set<Promise<void>>()
  let created = 0
  const create = async () => {
    const startMs = performance.now()
    const namespace = namespaces[created % namespaces.length] ?? 'default'
    created += 1
    const pod = annotatedPod({ namespace })
    const call = () => cluster.create(pod, { dryRun: true })
    const first = await call()
    // A busy machine can use up the five seconds that the API server gives a webhook, but hardly twice for the same pod.
    const isExcused = isOutOfTime(first) && slowness() > 2
    const failure = failureOf(isExcused ? await call() : first)
    slowestMs = Math.max(slowestMs, performance.now() - startMs)
    if (failure) failures.push(failure)
    else admitted += 1
  }
  let due = 0
  let lastTickMs = performance.now()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    due += ((nowMs - lastTickMs) / 1000) * perSecond
    due = Math.min(due, maxPending() - pending.size)
    lastTickMs = nowMs
    for (; due >= 1; due -= 1) {
      const call = create()
        .catch((error) => void failures.push(String(error)))
        .finally(() => pending.delete(call))
      pending.add(call)
    }
  }, 10)
  return {
    /** How many pods have been admitted so far. */
    admitted: () => admitted,
    /** Resolves when the calls that are under way now have been answered. */
    answered: () => Promise.all(pending),
    async stop(): Promise<LoadResult> {
      clearInterval(timer)
      await Promise.all(pending)
      return { admitted, failures, slowestMs }
    },
  }
}

/**
 * Fewer than the client's connections, so that the test's own calls don't wait behind the load. Calls wait for each other in
 * the API server, too, which gives the webhook five seconds, so a busy machine gets fewer at once.
 */
const maxPending = () => Math.max(2, Math.floor(24 / slowness()))

function failureOf({ status, body }: Answer): string | undefined {
  if (status !== 201) return `${status}: ${body.message}`
  return agentOf(body as Pod) ? undefined : 'admitted without an agent'
}

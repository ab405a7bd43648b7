import type { Answer } from '../../client/api.ts'
import type { Cluster } from '../../client/cluster.ts'
import { agentOf, annotatedPod, type Pod } from '../../client/pods.ts'

export interface LoadResult {
  readonly admitted: number
  /** What was said of each pod that wasn't admitted with an agent. */
  readonly failures: readonly string[]
  /** From call to answer, of the slowest. */
  readonly slowestMs: number
}

/** Creates annotated pods by dry run at a steady rate, however long the answers take. */
export function createSteadily(cluster: Cluster, perSecond: number) {
  let admitted = 0
  let slowestMs = 0
  const failures: string[] = []
  const calls: Promise<void>[] = []
  const create = async () => {
    const startMs = performance.now()
    const failure = failureOf(await cluster.create(annotatedPod(), { dryRun: true }))
    slowestMs = Math.max(slowestMs, performance.now() - startMs)
    if (failure) failures.push(failure)
    else admitted += 1
  }
  const startMs = performance.now()
  const timer = setInterval(() => {
    const due = ((performance.now() - startMs) / 1000) * perSecond
    while (calls.length < due)
      calls.push(create().catch((error) => void failures.push(String(error))))
  }, 10)
  return {
    async stop(): Promise<LoadResult> {
      clearInterval(timer)
      await Promise.all(calls)
      return { admitted, failures, slowestMs }
    },
  }
}

function failureOf({ status, body }: Answer): string | undefined {
  if (status !== 201) return `${status}: ${body.message}`
  return agentOf(body as Pod) ? undefined : 'admitted without an agent'
}

import pLimit from 'p-limit'
import { asSentence, isAnswer } from '../../../kubernetes/answers.ts'
import { LargeAnswerError } from '../../../kubernetes/connection.ts'
import { valueAt } from '../../../lib/shape.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import type { Cluster } from '../open-cluster.ts'
import type { AgentPod } from './agent-pod.ts'

/** The last lines of an agent's log, or why there are none. */
export type AgentLog =
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'unread'; readonly why: string }
  /** The pod has been deleted meanwhile, or another one has its name. */
  | { readonly kind: 'gone' }

/** Holds the newest state, which the agent repeats after 100 other lines. */
const usualLines = 150
/** Most logs are smaller, so many are read at once. */
const usualBytes = 128 * 1024
const maxBytes = 1024 * 1024
/** How many logs of up to `maxBytes` are read at once. Each takes several times as much memory. */
const largeLogsAtOnce = 2

interface Tail {
  readonly lines: number
  readonly isPrevious: boolean
}

/**
 * Reads logs of agents, only a few large ones at once, because a pod's author may fill them. In a namespace that refuses it once,
 * no further log is asked for, and a notice says so.
 */
export function createLogReader(cluster: Pick<Cluster, 'get' | 'getText' | 'notices'>) {
  const { getText, notices } = cluster
  const refused = new Set<string>()
  const largeLogs = pLimit(largeLogsAtOnce)
  /** Undefined: it is too large. The API server leaves out the newest lines of such a log. */
  async function readTail(pod: NamedPod, { lines, isPrevious }: Tail, limitBytes: number) {
    try {
      const text = await getText(`${pathOf(pod)}/log`, {
        container: agentName,
        tailLines: String(lines),
        limitBytes: String(limitBytes),
        ...(isPrevious && { previous: 'true' }),
      })
      return Buffer.byteLength(text) < limitBytes ? text : undefined
    } catch (error) {
      if (error instanceof LargeAnswerError) return undefined
      throw error
    }
  }
  async function readLarge(pod: NamedPod, tail: Tail): Promise<string> {
    const text = await readTail(pod, tail, maxBytes)
    if (text !== undefined || tail.lines === 1) return text ?? ''
    return await readLarge(pod, { ...tail, lines: Math.ceil(tail.lines / 8) })
  }
  async function readLog(
    pod: NamedPod,
    { lines = usualLines, isPrevious = false as boolean } = {},
  ): Promise<AgentLog> {
    const { namespace } = pod
    if (refused.has(namespace)) return forbidden
    const tail = { lines, isPrevious }
    try {
      const text =
        (await readTail(pod, tail, usualBytes)) ?? (await largeLogs(() => readLarge(pod, tail)))
      return { kind: 'lines', lines: text.split('\n').filter((line) => line !== '') }
    } catch (error) {
      if (isAnswer(error, 404)) return await unlessGone(cluster, pod)
      if (!isAnswer(error, 403)) return { kind: 'unread', why: reasonFor(error) }
      refused.add(namespace)
      notices.refused({ what: 'the logs of agents', right: 'get pods/log', namespace })
      return forbidden
    }
  }
  return readLog
}

type NamedPod = Pick<AgentPod, 'namespace' | 'name' | 'uid'>

const pathOf = ({ namespace, name }: NamedPod): string =>
  `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`

/** A kubelet that was just restarted doesn't find its pods, although they run. */
async function unlessGone({ get }: Pick<Cluster, 'get'>, pod: NamedPod): Promise<AgentLog> {
  try {
    const found = await get(pathOf(pod))
    if (valueAt(found, 'metadata', 'uid') !== pod.uid) return { kind: 'gone' }
    return { kind: 'unread', why: 'its log can’t be read: the kubelet doesn’t find the pod' }
  } catch (error) {
    return isAnswer(error, 404) ? { kind: 'gone' } : { kind: 'unread', why: reasonFor(error) }
  }
}

const forbidden: AgentLog = { kind: 'unread', why: 'its log may not be read' }

const reasonFor = (error: unknown): string => `its log can’t be read: ${asSentence(error).message}`

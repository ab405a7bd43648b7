import { asSentence, isAnswer } from '../../../kubernetes/answers.ts'
import { valueAt } from '../../../lib/shape.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import type { Cluster } from '../open-cluster.ts'
import type { AgentPod } from './agent-pod.ts'
import { type LineReader, splitLines } from './log-lines.ts'

/** What was read of an agent's log, or why nothing was. */
export type AgentLog<T> = { readonly kind: 'read'; readonly value: T } | UnreadLog

export type UnreadLog =
  | { readonly kind: 'unread'; readonly why: string }
  /** The pod has been deleted meanwhile, or another one has its name. */
  | { readonly kind: 'gone' }

interface Tail {
  readonly lines: number
  readonly isPrevious: boolean
}

/**
 * Reads the last lines of an agent's log.
 *
 * @param start - called for each request of the log, because some have to be sent again
 * @param tail - `lines`: 150 if undefined; `isPrevious`: of the container's run before
 */
export type LogReader = <T>(
  pod: NamedPod,
  start: () => LineReader<T>,
  tail?: { readonly lines?: number | undefined; readonly isPrevious?: boolean },
) => Promise<AgentLog<T>>

/** Holds the newest state, which the agent repeats after 100 other lines. */
const usualLines = 150
/** The answer ends there. Its lines are read as they come, so it takes no memory. */
const maxBytes = 1024 * 1024

/**
 * Reads logs of agents. In a namespace that refuses it once, no further log is asked for, and a notice says so.
 */
export function createLogReader(
  cluster: Pick<Cluster, 'get' | 'readParts' | 'notices'>,
): LogReader {
  const { readParts, notices } = cluster
  const refused = new Set<string>()
  /** The API server leaves out the newest lines of a log that is too large. */
  async function readTail<T>(pod: NamedPod, start: () => LineReader<T>, tail: Tail): Promise<T> {
    const { lines, isPrevious } = tail
    const query = {
      container: agentName,
      tailLines: String(lines),
      limitBytes: String(maxBytes),
      ...(isPrevious && { previous: 'true' }),
    }
    const path = `${pathOf(pod)}/log`
    const read = await readParts({ path, query }, () => splitLines(start(), maxBytes))
    if (read !== undefined) return read.value
    if (lines === 1) return start().end()
    return await readTail(pod, start, { lines: Math.ceil(lines / 8), isPrevious })
  }
  return async (pod, start, { lines = usualLines, isPrevious = false } = {}) => {
    const { namespace } = pod
    if (refused.has(namespace)) return forbidden
    try {
      return { kind: 'read', value: await readTail(pod, start, { lines, isPrevious }) }
    } catch (error) {
      if (isAnswer(error, 404)) return await unlessGone(cluster, pod)
      if (!isAnswer(error, 403)) return { kind: 'unread', why: reasonFor(error) }
      refused.add(namespace)
      notices.refused({ what: 'the logs of agents', right: 'get pods/log', namespace })
      return forbidden
    }
  }
}

type NamedPod = Pick<AgentPod, 'namespace' | 'name' | 'uid'>

const pathOf = ({ namespace, name }: NamedPod): string =>
  `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`

/** A kubelet that was just restarted doesn't find its pods, although they run. */
async function unlessGone({ get }: Pick<Cluster, 'get'>, pod: NamedPod): Promise<UnreadLog> {
  try {
    const found = await get(pathOf(pod))
    if (valueAt(found, 'metadata', 'uid') !== pod.uid) return { kind: 'gone' }
    return { kind: 'unread', why: 'its log can’t be read: the kubelet doesn’t find the pod' }
  } catch (error) {
    return isAnswer(error, 404) ? { kind: 'gone' } : { kind: 'unread', why: reasonFor(error) }
  }
}

const forbidden: UnreadLog = { kind: 'unread', why: 'its log may not be read' }

const reasonFor = (error: unknown): string => `its log can’t be read: ${asSentence(error).message}`

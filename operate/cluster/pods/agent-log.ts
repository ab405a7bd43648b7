import { asSentence, isAnswer } from '../../../kubernetes/answers.ts'
import { valueAt } from '../../../lib/shape.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import type { Cluster } from '../open-cluster.ts'
import type { AgentPod } from './agent-pod.ts'
import { type LineReader, splitLines } from './log-lines.ts'

/** The result of reading an agent's log, or why it wasn't read. */
export type AgentLog<T> = { readonly kind: 'read'; readonly value: T } | UnreadLog

export type UnreadLog =
  /** `right`: the right that the caller lacks */
  | { readonly kind: 'unread'; readonly why: string; readonly right?: string }
  /** The pod has been deleted in the meantime, or replaced by another one of its name. */
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

/** Enough lines to contain the newest state, because the agent repeats it after 100 other lines. */
const usualLines = 150
/** The most that is read of a log. It isn't kept in memory, because its lines are read as they arrive. */
const maxBytes = 1024 * 1024

/**
 * Reads the logs of agents. After a first refusal in a namespace, it asks for no more logs there, and a notice says so.
 */
export function createLogReader(
  cluster: Pick<Cluster, 'get' | 'readParts' | 'notices'>,
): LogReader {
  const { readParts, notices } = cluster
  const refused = new Set<string>()
  /** If a log is too large, the API server cuts off the newest lines, so this asks again for fewer lines. */
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
      notices.refused({ what: 'the logs of agents', right: logRight, namespace })
      return forbidden
    }
  }
}

type NamedPod = Pick<AgentPod, 'namespace' | 'name' | 'uid'>

const pathOf = ({ namespace, name }: NamedPod): string =>
  `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`

/**
 * Finds out whether the pod is really gone: a kubelet that has just restarted doesn't find its pods, although they run.
 */
async function unlessGone({ get }: Pick<Cluster, 'get'>, pod: NamedPod): Promise<UnreadLog> {
  try {
    const found = await get(pathOf(pod))
    if (valueAt(found, 'metadata', 'uid') !== pod.uid) return { kind: 'gone' }
    return { kind: 'unread', why: 'its log can’t be read: the kubelet doesn’t find the pod' }
  } catch (error) {
    return isAnswer(error, 404) ? { kind: 'gone' } : { kind: 'unread', why: reasonFor(error) }
  }
}

const logRight = 'get pods/log'
const forbidden: UnreadLog = { kind: 'unread', why: 'its log may not be read', right: logRight }

const reasonFor = (error: unknown): string => `its log can’t be read: ${asSentence(error).message}`

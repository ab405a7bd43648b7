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
const maxBytes = 2 * 1024 * 1024

/**
 * Reads logs of agents. In a namespace that refuses it once, no further log is asked for, and a notice says so.
 */
export function createLogReader(cluster: Pick<Cluster, 'get' | 'getText' | 'notices'>) {
  const { getText, notices } = cluster
  const refused = new Set<string>()
  async function readLog(
    pod: NamedPod,
    { lines = usualLines, isPrevious = false as boolean } = {},
  ): Promise<AgentLog> {
    const { namespace } = pod
    if (refused.has(namespace)) return forbidden
    try {
      const text = await getText(`${pathOf(pod)}/log`, {
        container: agentName,
        tailLines: String(lines),
        limitBytes: String(maxBytes),
        ...(isPrevious && { previous: 'true' }),
      })
      // The API server then leaves out the newest lines.
      if (Buffer.byteLength(text) >= maxBytes && lines > 1)
        return await readLog(pod, { lines: Math.ceil(lines / 8), isPrevious })
      return { kind: 'lines', lines: text.split('\n').filter((line) => line !== '') }
    } catch (error) {
      if (error instanceof LargeAnswerError && lines > 1)
        return await readLog(pod, { lines: Math.ceil(lines / 8), isPrevious })
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

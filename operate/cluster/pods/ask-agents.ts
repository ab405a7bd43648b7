import pLimit from 'p-limit'
import { countOf } from '../../../lib/count-of.ts'
import { createProgress } from '../../../lib/terminal/terminal-progress.ts'
import type { Cluster } from '../open-cluster.ts'
import { createLogReader } from './agent-log.ts'
import type { AgentPod } from './agent-pod.ts'
import { type AskedAgent, askAgent } from './ask-agent.ts'

interface Answer {
  readonly pod: AgentPod
  readonly asked: AskedAgent
}

/** How many agents are asked at once, so that only so many logs are in memory, however many pods there are. */
const agentsAtOnce = 20

/**
 * Asks the agents of pods, in this order. Shows on a terminal how long that takes.
 *
 * @param read - called for each answer at once; only what it returns is kept, because a pod's author may make its state large.
 *   `hide` makes room for lines
 */
export async function askAgents<T>(
  cluster: Pick<Cluster, 'get' | 'readParts' | 'notices' | 'wallMs'>,
  pods: readonly AgentPod[],
  read: (answer: Answer, hide: () => void) => T,
): Promise<readonly T[]> {
  const readLog = createLogReader(cluster)
  const progress = createProgress()
  progress.show(`asking ${countOf(pods.length, 'agent')}`)
  const limit = pLimit(agentsAtOnce)
  try {
    return await limit.map(pods, async (pod) => {
      const asked = await askAgent(pod, { readLog, wallMs: cluster.wallMs() })
      return read({ pod, asked }, progress.hide)
    })
  } finally {
    progress.hide()
  }
}

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

/** How many logs are read at once. This bounds the memory, however many pods there are. */
const agentsAtOnce = 20

/**
 * Asks the agents of pods, in this order, and shows the progress on a terminal.
 *
 * @param read - called as soon as an agent has answered. Only its result is kept, because a pod's author may make the
 * state large. `hide` hides the progress, so that lines can be printed
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

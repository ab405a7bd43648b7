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

/**
 * Asks the agents of pods, in this order. Shows on a terminal how long that takes.
 *
 * @param onAnswer - called for each answer at once; `hide` makes room for lines
 */
export async function askAgents(
  cluster: Pick<Cluster, 'get' | 'getText' | 'notices' | 'wallMs'>,
  pods: readonly AgentPod[],
  onAnswer: (answer: Answer, hide: () => void) => void = () => undefined,
): Promise<readonly Answer[]> {
  const readLog = createLogReader(cluster)
  const progress = createProgress()
  progress.show(`asking ${countOf(pods.length, 'agent')}`)
  try {
    return await Promise.all(
      pods.map(async (pod) => {
        const asked = await askAgent(pod, { readLog, wallMs: cluster.wallMs() })
        onAnswer({ pod, asked }, progress.hide)
        return { pod, asked }
      }),
    )
  } finally {
    progress.hide()
  }
}

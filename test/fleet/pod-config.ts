import type { AgentConfig, WantedFile, WantedVariable } from '../../delivery/contract.ts'
import { agentConfig } from '../init-agent/harness/pod.ts'

/** Pods request 5 to 15 objects, 10 on average. */
const minObjects = 5
const maxObjects = 15

/** A pod's configuration: objects of its own and objects that all pods share, as files, variables and properties. */
export function createPodConfig(
  index: number,
  { random, refreshSeconds }: { readonly random: () => number; readonly refreshSeconds: number },
): { readonly config: AgentConfig; readonly objects: number } {
  const objects = minObjects + Math.floor(random() * (maxObjects - minObjects + 1))
  const files: WantedFile[] = []
  const env: WantedVariable[] = []
  for (let number = 0; number < objects; number++) {
    const isShared = random() < 0.3
    const name = isShared ? `shared-${number}` : `pod-${index}-${number}`
    const object = { vault: 'team-a', type: 'secret', name } as const
    const kind = random()
    if (kind < 0.3) env.push({ variable: `V${number}`, object, property: 'user' })
    else if (kind < 0.5) files.push({ path: `dir/${number}`, object, property: 'name' })
    else files.push({ path: `${number}`, object })
  }
  const config = agentConfig({
    files,
    env,
    refreshSeconds,
    timeoutSeconds: 900,
    outlastsOutages: true,
  })
  return { config, objects }
}

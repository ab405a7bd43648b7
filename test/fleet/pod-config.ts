import type { AgentConfig, WantedFile, WantedVariable } from '../../delivery/contract.ts'
import { agentConfig } from '../init-agent/harness/pod.ts'

/** Pods request 5 to 15 objects, 10 on average. */
const minObjects = 5
const maxObjects = 15
const patience = { timeoutSeconds: 900, outlastsOutages: true } as const

interface PodConfig {
  readonly config: AgentConfig
  readonly objects: number
}

/** A pod's configuration: objects of its own and objects that all pods share, as files, variables and properties. */
export function createPodConfig(
  index: number,
  { random, refreshSeconds }: { readonly random: () => number; readonly refreshSeconds: number },
): PodConfig {
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
  return { config: agentConfig({ files, env, refreshSeconds, ...patience }), objects }
}

/** Each find matches ten secrets of the vault. */
export const foundByEach = 10

/** The names of a vault's secrets for {@link findingPodConfig}. */
export const secretNames = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `app-${Math.floor(index / foundByEach)}-${index}`)

/** The configuration of a pod that finds the secrets of its app in a vault with others. */
export function findingPodConfig(
  index: number,
  { secrets, refreshSeconds }: { readonly secrets: number; readonly refreshSeconds: number },
): PodConfig {
  const apps = Math.floor(secrets / foundByEach)
  const finds = [{ path: 'app', vault: 'team-a', pattern: `app-${index % apps}-*` }]
  return { config: agentConfig({ finds, refreshSeconds, ...patience }), objects: foundByEach }
}

import type { AgentState } from '../../../delivery/agent-state.ts'
import type { AgentConfig, WantedFind } from '../../../delivery/contract.ts'
import { neededValues } from '../../../delivery/needed-values.ts'
import { segmentValues } from '../../../delivery/projection/wanted-objects.ts'
import { matchAny } from '../../../keyvault/finds/match-pattern.ts'
import {
  type ObjectReference,
  parseDescription,
  referenceKey,
} from '../../../keyvault/reference.ts'

/** The part of an agent's configuration that the commands keep. It is small, because there may be thousands of pods. */
export interface AgentRequests {
  readonly objects: readonly AskedObject[]
  /** What these have found is in the agent's state only: see {@link foundByAgent}. */
  readonly finds: readonly Pick<WantedFind, 'vault' | 'pattern'>[]
  /** The containers that see the objects. */
  readonly containers: readonly string[]
  /** 0: the agent fetches once. */
  readonly refreshSeconds: number
}

/** An object that a pod asks for. References that a single fetch serves count as one object. */
export interface AskedObject {
  readonly object: ObjectReference
  readonly isInFiles: boolean
  /** The names of the variables that hold it. */
  readonly variables: readonly string[]
  /** Whether a container may start without these variables, because the object may be absent. */
  readonly isOptional: boolean
}

/**
 * Returns what a configuration asks for.
 *
 * @param isWanted - chooses the objects to keep
 */
export function agentRequests(
  config: AgentConfig,
  isWanted: (object: ObjectReference) => boolean = () => true,
): AgentRequests {
  const { containers, refreshSeconds, finds = [] } = config
  const objects = askedObjects(config).filter(({ object }) => isWanted(object))
  return {
    objects,
    finds: finds.map(({ vault, pattern }) => ({ vault, pattern })),
    ...{ containers, refreshSeconds },
  }
}

/**
 * Returns the objects in an agent's state that its finds have found, as if the pod asked for them. A state names all of them, so
 * a pod doesn't hold what its finds could find but its state doesn't name.
 */
export function foundByAgent(
  { objects, finds }: Pick<AgentRequests, 'objects' | 'finds'>,
  state: AgentState,
): readonly AskedObject[] {
  if (finds.length === 0) return []
  const named = new Set(objects.map(({ object }) => referenceKey(object)))
  const mayBeFound = matchAny(finds)
  return state.objects.flatMap(({ object: description }) => {
    const object = parseDescription(description)
    if (object === undefined || object.version !== undefined || !mayBeFound(object)) return []
    if (named.has(referenceKey(object))) return []
    return [{ object, isInFiles: true, variables: [], isOptional: true }]
  })
}

function askedObjects({
  files,
  templates,
  env,
}: Pick<AgentConfig, 'files' | 'templates' | 'env'>): readonly AskedObject[] {
  const objects = new Map<string, AskedObject & { isInFiles: boolean; variables: string[] }>()
  const isRequired = new Set(
    env.flatMap(({ object, optional }) => (optional ? [] : referenceKey(object))),
  )
  const at = (object: ObjectReference) => {
    const key = referenceKey(object)
    const isOptional = !isRequired.has(key)
    const asked = objects.get(key) ?? { object, isInFiles: false, variables: [], isOptional }
    objects.set(key, asked)
    return asked
  }
  const inTemplates = templates.flatMap(({ segments }) => segmentValues(segments))
  for (const { object } of [...files.flatMap(neededValues), ...inTemplates])
    at(object).isInFiles = true
  for (const { object, variable } of env) at(object).variables.push(variable)
  return [...objects.values()]
}

import type { AgentConfig } from '../../../delivery/contract.ts'
import { isObject, type JsonObject, objectAt, valueAt } from '../../../lib/shape.ts'
import { isDriverVolume } from '../../../requests/class/driver-volumes.ts'
import { earlierChoices } from './earlier-choices.ts'
import { agentName } from './our-names.ts'
import type { Container, Pod } from './pod.ts'

/** A volume of a pod that was declared for the Secrets Store CSI Driver. */
export interface ClassVolume {
  readonly name: string
  /** Its place in `spec.volumes`; -1 if it is gone. */
  readonly index: number
  /** The SecretProviderClass as it is written. Absent if the volume names none. */
  readonly className?: string
  /**
   * - `declared`: it is a volume of the driver
   * - `replaced`: an earlier review has made it an `emptyDir` in memory
   * - `changed`: after that, somebody has made it anything else, or removed it
   */
  readonly state: 'declared' | 'replaced' | 'changed'
  /** True if the volume has a `nodePublishSecretRef`: a client secret to sign in with. */
  readonly hasClientSecret: boolean
  /** True if it also has a type of volume other than `csi`, which the API server refuses. */
  readonly hasOtherType: boolean
}

/** Whether an object that nobody has checked may have volumes that {@link findClassVolumes} finds. */
export function mayHaveClassVolumes(object: unknown): boolean {
  const { volumes, initContainers } = objectAt(object, 'spec')
  return (
    (Array.isArray(volumes) && volumes.some(isDriverVolume)) ||
    (Array.isArray(initContainers) &&
      initContainers.some((container) => isObject(container) && container['name'] === agentName))
  )
}

/**
 * Finds the volumes of the driver, and those that were its before an earlier review: the configuration of the pod's agent
 * names these (docs/specification.md, "Volumes of the CSI driver"). Whether the pod's agent is ours is decided later, by
 * comparing that configuration.
 */
export function findClassVolumes({ spec }: Pod): readonly ClassVolume[] {
  const volumes = (spec.volumes ?? []) as readonly unknown[] as readonly NamedVolume[]
  const earlier = new Map(earlierVolumes(spec.initContainers ?? []))
  const found = volumes.flatMap((volume, index): ClassVolume[] => {
    const { name } = volume
    const earlierClass = earlier.get(name)
    earlier.delete(name)
    if (isDriverVolume(volume)) return [{ name, index, ...readDriverVolume(volume) }]
    if (earlierClass === undefined) return []
    const state = isInMemory(volume) ? 'replaced' : 'changed'
    return [{ name, index, className: earlierClass, state, ...unknownMembers }]
  })
  const removed = [...earlier].map(
    ([name, className]): ClassVolume => ({
      name,
      index: -1,
      className,
      state: 'changed',
      ...unknownMembers,
    }),
  )
  return [...found, ...removed]
}

type NamedVolume = JsonObject & { readonly name: string }

/** What an earlier review has removed. */
const unknownMembers = { hasClientSecret: false, hasOtherType: false }

function readDriverVolume({ name: _, csi, ...others }: NamedVolume) {
  const { volumeAttributes, nodePublishSecretRef } = csi as JsonObject
  const className = valueAt(volumeAttributes, 'secretProviderClass')
  return {
    ...(typeof className === 'string' && className !== '' && { className }),
    state: 'declared' as const,
    hasClientSecret: nodePublishSecretRef != null,
    hasOtherType: Object.values(others).some((other) => other != null),
  }
}

function earlierVolumes(initContainers: readonly Container[]) {
  const agent = initContainers.find(({ name }) => name === agentName)
  const { volumes = [] }: Partial<AgentConfig> = earlierChoices(agent) ?? {}
  return volumes.map((volume) => [volume.name, volume.class] as const)
}

const isInMemory = ({ emptyDir }: JsonObject): boolean =>
  isObject(emptyDir) && emptyDir['medium'] === 'Memory'

import type { AgentConfig } from '../../delivery/contract.ts'
import { accountOf } from '../../webhook/core/csi/account.ts'
import { isSubPathMount } from '../../webhook/core/injection/served-volumes.ts'
import { agentName } from '../../webhook/core/model/our-names.ts'
import { allContainers, type Pod, type VolumeMount } from '../../webhook/core/model/pod.ts'
import { row } from './describe-wanted.ts'

/** Describes which client the agent of a pod with served volumes signs in as, and where the volumes are mounted. */
export function describeServed(
  pod: Pod,
  { volumes = [], identity }: AgentConfig,
  namespace: string,
): readonly string[] {
  if (volumes.length === 0) return []
  const client = identity.clientId ?? 'the client that azure-workload-identity sets'
  return [
    row('identity', `${client}, as system:serviceaccount:${namespace}:${accountOf(pod)}`),
    ...volumes.map((volume) =>
      row(
        'volume',
        `${volume.name} of SecretProviderClass ${volume.class} at ${placesOf(pod, volume.name)}`,
      ),
    ),
  ]
}

/** The path at which a container mounts the whole volume. If none does, the volume's name. */
export function volumeFolder(pod: Pod, volume: string): string {
  const whole = mountsOf(pod, volume).find((mount) => !isSubPathMount(mount))
  return whole?.mountPath ?? `${volume}:`
}

function placesOf(pod: Pod, volume: string): string {
  const places = mountsOf(pod, volume).map(({ mountPath, subPath, subPathExpr }) => {
    const part = subPath || subPathExpr
    return part ? `${mountPath} (only ${part})` : mountPath
  })
  return [...new Set(places)].join(', ') || 'no mount'
}

const mountsOf = (pod: Pod, volume: string): readonly VolumeMount[] =>
  allContainers(pod)
    .filter(({ name }) => name !== agentName)
    .flatMap(({ volumeMounts }) => volumeMounts ?? [])
    .filter(({ name }) => name === volume)

import type { Policy } from '../../../requests/administrator/policy.ts'
import {
  readServedVolumes,
  type ServedVolumes,
} from '../../../webhook/core/csi/read-served-volumes.ts'
import { csiDriver } from '../../../webhook/core/model/find-class-volumes.ts'
import { workloadIdentityLabel } from '../../../webhook/core/model/workload-identity.ts'
import type { NamedObject } from '../../input/find-objects.ts'

/** The volume in the result of {@link readClassVolume}. */
export const volumeOfClass = 'secrets-store'

/** Reads a class as the webhook does for a pod that has one volume of it, and that doesn't name a client itself. */
export function readClassVolume(
  { name, namespace, object }: NamedObject,
  policy: Policy,
): ServedVolumes {
  const attributes = { secretProviderClass: name }
  const pod = {
    metadata: { labels: { [workloadIdentityLabel]: 'true' } },
    spec: {
      containers: [],
      volumes: [{ name: volumeOfClass, csi: { driver: csiDriver, volumeAttributes: attributes } }],
    },
  }
  const classes = new Map([[name, { kind: 'found', object } as const]])
  const lookedUp = { classes, account: { kind: 'absent' } as const }
  return readServedVolumes(pod, { ownAnnotations: {}, policy, namespace, lookedUp })
}

import type { Serving } from '../../../command/review/read-serving.ts'
import { reviewRequest } from '../../../command/review/review-request.ts'
import { valueAt } from '../../../lib/shape.ts'
import { parseBoolean } from '../../../lib/values/parse-boolean.ts'
import { isUuid } from '../../../lib/values/parse-uuid.ts'
import {
  annotatedBinding,
  bindingKey,
  chooseBinding,
} from '../../../requests/annotations/identity-binding.ts'
import { isDriverVolume } from '../../../requests/class/driver-volumes.ts'
import { accountOf } from '../../../webhook/core/csi/account.ts'
import { accountNeeded } from '../../../webhook/core/csi/needed-objects.ts'
import { readServedVolumes } from '../../../webhook/core/csi/read-served-volumes.ts'
import { openRequest } from '../../../webhook/core/model/open-request.ts'
import { usesWorkloadIdentity } from '../../../webhook/core/model/workload-identity.ts'
import { lookUpInFiles } from '../../input/look-up-in-files.ts'
import type { FoundObject, PodTemplate } from '../../input/objects/find-objects.ts'
import type { Task } from '../findings/task.ts'

/** Whether a pod has volumes of the Secrets Store CSI Driver. */
export function hasDriverVolumes({ pod }: Pick<PodTemplate, 'pod'>): boolean {
  const volumes = valueAt(pod, 'spec', 'volumes')
  return Array.isArray(volumes) && volumes.some(isDriverVolume)
}

/**
 * What somebody has to do before the volumes of a pod are served: label its namespace, name the client to sign in as,
 * and give that client a federated credential, or bind it to the cluster. Some of it may be done already, because
 * manifests don't show that.
 */
export function findTasks(
  template: PodTemplate,
  { serving, objects }: { readonly serving: Serving; readonly objects: readonly FoundObject[] },
): readonly Task[] {
  if (!serving.servesVolumes || !hasDriverVolumes(template)) return []
  const { namespace } = template
  const request = reviewRequest(template)
  const opened = openRequest(request, { servesVolumes: true })
  if (opened.kind === 'decided') return []
  const { pod, annotations, ownAnnotations } = opened
  const lookedUp = lookUpInFiles(request, objects)
  const served = readServedVolumes(pod, {
    ownAnnotations,
    policy: serving.policy,
    namespace,
    lookedUp,
  })
  if (served.volumes.length === 0) return []

  const account = accountOf(pod)
  const { clientId } = served.identity
  // If a class names a client, the account's client doesn't matter, even if the class's ID isn't valid.
  const isClientOpen = accountNeeded(request, lookedUp.classes) !== undefined
  const own = parseBoolean(ownAnnotations[bindingKey] ?? '')
  const { usesBinding } = chooseBinding(
    annotatedBinding(annotations, own.kind === 'valid' ? own.value : undefined),
    served.bindings,
    serving.policy,
  )
  const signIn: Task = { kind: usesBinding ? 'bind' : 'federate', namespace, account }
  return [
    ...(serving.mode === 'labelled' ? [{ kind: 'label', namespace } as const] : []),
    ...(clientId === undefined && isClientOpen && !usesWorkloadIdentity(pod)
      ? [
          ...(lookedUp.account?.kind === 'not-in-files'
            ? [{ kind: 'add', namespace, account } as const]
            : []),
          { kind: 'annotate', namespace, account } as const,
        ]
      : []),
    // The annotation may be invalid: it hasn't been checked yet.
    clientId !== undefined && isUuid(clientId) ? { ...signIn, clientId } : signIn,
  ]
}

import { isObject } from '../../lib/shape.ts'
import type { Pod } from '../../webhook/core/pod.ts'
import { usesWorkloadIdentity } from '../../webhook/core/workload-identity.ts'
import type { Manifest } from '../input/read-manifests.ts'

const clientIdAnnotation = 'azure.workload.identity/client-id'

/** The service account that a pod runs as. */
export function serviceAccountOf({ spec }: Pod): string {
  const { serviceAccountName } = spec as { readonly serviceAccountName?: unknown }
  return typeof serviceAccountName === 'string' ? serviceAccountName : 'default'
}

/**
 * The variables that the azure-workload-identity webhook would add to the pod's containers: the client ID comes from the
 * annotation of the service account in the pod's file.
 */
export function workloadIdentity(
  { manifests, tenantId }: { readonly manifests: readonly Manifest[]; readonly tenantId: string },
  pod: Pod,
): Readonly<Record<string, string>> {
  if (!usesWorkloadIdentity(pod)) return {}
  const name = serviceAccountOf(pod)
  const clientId = manifests
    .map(({ document }) => document.toJS() as unknown)
    .filter(isObject)
    .filter(
      ({ kind, metadata }) =>
        kind === 'ServiceAccount' && isObject(metadata) && metadata['name'] === name,
    )
    .map(
      ({ metadata }) =>
        isObject(metadata) &&
        isObject(metadata['annotations']) &&
        metadata['annotations'][clientIdAnnotation],
    )
    .find((value) => typeof value === 'string')
  return typeof clientId === 'string'
    ? { AZURE_CLIENT_ID: clientId, AZURE_TENANT_ID: tenantId }
    : {}
}

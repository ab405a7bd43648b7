import { isObject } from '../../../lib/shape.ts'

/** A pod with this label, `"true"`, gets `AZURE_CLIENT_ID` and similar variables from the azure-workload-identity webhook. */
export const workloadIdentityLabel = 'azure.workload.identity/use'

/** @param pod - any object, not checked yet */
export function usesWorkloadIdentity(pod: object): boolean {
  const metadata = 'metadata' in pod ? pod.metadata : undefined
  const labels = isObject(metadata) ? metadata['labels'] : undefined
  return isObject(labels) && labels[workloadIdentityLabel] === 'true'
}

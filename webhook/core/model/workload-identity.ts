import { valueAt } from '../../../lib/shape.ts'

/** A pod with this label, `"true"`, gets `AZURE_CLIENT_ID` and similar variables from the azure-workload-identity webhook. */
export const workloadIdentityLabel = 'azure.workload.identity/use'

/** @param pod - any object, not checked yet */
export const usesWorkloadIdentity = (pod: object): boolean =>
  valueAt(pod, 'metadata', 'labels', workloadIdentityLabel) === 'true'

import { isObject } from '../../../lib/shape.ts'
import { azureAnnotations } from '../../../requests/annotations/azure-identity.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import { accountOf } from '../../../webhook/core/csi/account.ts'
import { usesWorkloadIdentity } from '../../../webhook/core/model/workload-identity.ts'
import { findObject } from '../objects/find-object.ts'
import type { FoundObject, PodTemplate } from '../objects/find-objects.ts'

/** Returns the name of the ServiceAccount that a pod runs as. */
export function accountNameOf({ pod }: Pick<PodTemplate, 'pod'>): string {
  const { serviceAccountName, serviceAccount } = isObject(pod['spec']) ? pod['spec'] : {}
  const names = [serviceAccountName, serviceAccount].filter((name) => typeof name === 'string')
  const [first = '', second = ''] = names
  return accountOf({ spec: { containers: [], serviceAccountName: first, serviceAccount: second } })
}

/**
 * Returns the variables that the azure-workload-identity webhook would add to a pod's containers, with the client and
 * the tenant that the pod's ServiceAccount names in the files.
 *
 * @param tenantId - the tenant that the webhook would use for an account that names none
 */
export function workloadIdentity(
  template: Pick<PodTemplate, 'pod' | 'namespace'>,
  { objects, tenantId }: { readonly objects: readonly FoundObject[]; readonly tenantId?: string },
): Readonly<Record<string, string>> {
  return usesWorkloadIdentity(template.pod) ? accountVariables(template, { objects, tenantId }) : {}
}

/** The same, even if the pod lacks the label that the azure-workload-identity webhook looks for. */
export function accountVariables(
  template: Pick<PodTemplate, 'pod' | 'namespace'>,
  context: { readonly objects: readonly FoundObject[]; readonly tenantId?: string | undefined },
): Readonly<Record<string, string>> {
  const annotations = annotationsOf(accountOfPod(template, context.objects)?.object)
  const clientId = annotations[azureAnnotations.clientId]
  if (typeof clientId !== 'string') return {}
  const annotated = annotations[azureAnnotations.tenantId]
  const tenantId = typeof annotated === 'string' ? annotated : context.tenantId
  return {
    AZURE_CLIENT_ID: clientId,
    ...(tenantId !== undefined && { AZURE_TENANT_ID: tenantId }),
  }
}

/**
 * Why it isn't clear which of the ServiceAccounts in the files a pod runs as. Undefined if it is clear, or if the files
 * don't have the account.
 */
export function unclearAccount(
  template: Pick<PodTemplate, 'pod' | 'namespace'>,
  objects: readonly FoundObject[],
): string | undefined {
  const account = accountOfPod(template, objects)
  return account?.unclear && `ServiceAccount ${account.name} ${account.unclear}`
}

const accountOfPod = (
  template: Pick<PodTemplate, 'pod' | 'namespace'>,
  objects: readonly FoundObject[],
): FoundObject | undefined =>
  findObject(objects, {
    kind: 'ServiceAccount',
    namespace: template.namespace,
    name: accountNameOf(template),
  })

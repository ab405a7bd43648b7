import type { AgentConfig } from '../../../delivery/contract.ts'
import type { EmulatorData } from '../../../emulator/data/data.ts'
import {
  type CompleteObjects,
  madeUpVault,
} from '../../../repository/input/accounts/complete-objects.ts'
import { accountNameOf } from '../../../repository/input/accounts/workload-identity.ts'
import type { PodTemplate } from '../../../repository/input/objects/find-objects.ts'
import { azureAnnotations } from '../../../requests/annotations/azure-identity.ts'
import { workloadIdentityLabel } from '../../../webhook/core/model/workload-identity.ts'

/** A line for each thing that was made up for a pod, so that nobody takes it for something that a cluster has. */
export function describeMadeUp(
  template: PodTemplate,
  madeUp: {
    readonly config: AgentConfig
    readonly data: EmulatorData
    readonly complete: CompleteObjects
    /** True if the pod would get no client in a cluster, because it lacks a label. */
    readonly isLabelMissing: boolean
  },
): readonly string[] {
  const { data, complete } = madeUp
  return [
    ...complete.classes.map((name) => `SecretProviderClass ${name}, with one secret`),
    ...describeIdentity(template, madeUp),
    ...data.vaults.flatMap(({ name, secrets, keys, certificates }) => [
      name === madeUpVault ? `vault ${name}, because nothing names one` : `vault ${name}`,
      ...describeObjects('secret', secrets),
      ...describeObjects('key', keys),
      ...describeObjects('certificate', certificates),
    ]),
  ]
}

function describeIdentity(
  template: PodTemplate,
  { data, complete, isLabelMissing }: Parameters<typeof describeMadeUp>[1],
): readonly string[] {
  const account = accountNameOf(template)
  const { tenantId, identities } = data
  return identities.flatMap(({ clientId }) => [
    `identity ${clientId} in tenant ${tenantId}, with a federated credential for system:serviceaccount:${template.namespace}:${account}`,
    ...(complete.accountClientId?.toLowerCase() === clientId
      ? [`annotation of ServiceAccount ${account}: ${azureAnnotations.clientId}=${clientId}`]
      : []),
    ...(isLabelMissing
      ? [
          `label of the pod: ${workloadIdentityLabel}="true"; without it, set akv-injector.io/client-id`,
        ]
      : []),
  ])
}

const describeObjects = (
  kind: string,
  objects: readonly { readonly name: string; readonly versions: readonly unknown[] }[],
): readonly string[] =>
  objects.map(({ name, versions }) =>
    versions.length === 1 ? `  ${kind} ${name}` : `  ${kind} ${name}, ${versions.length} versions`,
  )

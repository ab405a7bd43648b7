import { type AgentConfig, audienceOf, configVariable } from '../../../delivery/contract.ts'
import { accountOf } from '../../../webhook/core/csi/account.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import type { Pod } from '../../../webhook/core/model/pod.ts'
import {
  usesWorkloadIdentity,
  workloadIdentityLabel,
} from '../../../webhook/core/model/workload-identity.ts'
import { clientIdAnnotation, tenantIdAnnotation } from '../../input/accounts/workload-identity.ts'
import { annotationsOf } from '../../input/objects/annotations-of.ts'
import type { WorkloadFacts } from './workload-facts.ts'

/** A value, and what says so. */
interface Sourced {
  readonly value: string
  readonly from: string
}

/** As whom the agent signs in. What nothing says is absent. */
export interface WorkloadSignIn {
  readonly client: Sourced | undefined
  readonly tenant: Sourced | undefined
  readonly issuer: Sourced | undefined
  readonly subject: string
  readonly audience: string
  readonly account: string
  readonly usesBinding: boolean
  /** Why what the ServiceAccount names doesn't count. */
  readonly unused: string | undefined
}

/** As whom the agent of a pod signs in, or would (docs/specification.md, "Identity"). */
export function signInOf(
  { pod, config }: { readonly pod: Pod; readonly config: AgentConfig },
  {
    namespace,
    account,
    issuer,
    logs,
  }: Pick<WorkloadFacts, 'namespace' | 'account' | 'issuer' | 'logs'>,
): WorkloadSignIn {
  const { clientId, tenantId, defaultTenantId } = config.identity
  const variable = agentVariables(pod)
  const ofAccount = annotationsOf(account)
  const annotated = usesWorkloadIdentity(pod) ? ofAccount : {}
  const accountName = accountOf(pod)
  const ofAnnotation = (key: string) => textOf(annotated[key], `ServiceAccount ${accountName}`)
  return {
    client:
      textOf(clientId, 'the pod') ??
      textOf(variable('AZURE_CLIENT_ID'), 'azure-workload-identity') ??
      ofAnnotation(clientIdAnnotation),
    tenant:
      textOf(tenantId, 'the pod') ??
      textOf(variable('AZURE_TENANT_ID'), 'azure-workload-identity') ??
      ofAnnotation(tenantIdAnnotation) ??
      textOf(defaultTenantId, 'the administrator’s default'),
    issuer: textOf(issuer, 'the API server') ?? textOf(issuerInLogs(logs), 'the agent’s log'),
    subject: `system:serviceaccount:${namespace}:${accountName}`,
    audience: audienceOf(config),
    account: accountName,
    usesBinding: config.tokenProxy !== undefined,
    unused:
      ofAccount[clientIdAnnotation] !== undefined && !usesWorkloadIdentity(pod)
        ? `ServiceAccount ${accountName} names one, but counts only for pods with the label ${workloadIdentityLabel}: "true"`
        : undefined,
  }
}

const textOf = (value: unknown, from: string): Sourced | undefined =>
  typeof value === 'string' && value !== '' ? { value, from } : undefined

function agentVariables({ spec }: Pod): (name: string) => string | undefined {
  const agent = spec.initContainers?.find(({ name }) => name === agentName)
  return (name) =>
    name === configVariable
      ? undefined
      : (agent?.env?.find((one) => one.name === name)?.value ?? undefined)
}

/** Errors about federated credentials name the claims of the token (keyvault/entra/assertion.ts). */
function issuerInLogs(logs: WorkloadFacts['logs']): string | undefined {
  for (const log of logs.toReversed()) {
    if (log.kind !== 'lines') continue
    for (const line of log.lines.toReversed()) {
      const [, issuer] = /issuer \\?"(https:\/\/[!#-[\]-~]{1,600}?)\\?", subject/.exec(line) ?? []
      if (issuer !== undefined) return issuer
    }
  }
  return undefined
}

const width = 10

/** A line for each part. */
export function describeSignIn(signIn: WorkloadSignIn): readonly string[] {
  const row = (name: string, found: Sourced | undefined, otherwise: string) =>
    `${name.padEnd(width)}${found === undefined ? otherwise : `${found.value} (${found.from})`}`
  const absent = `not known: ${signIn.unused ?? 'neither the pod nor its ServiceAccount names one'}`
  return [
    row('client', signIn.client, absent),
    row('tenant', signIn.tenant, absent),
    row(
      'issuer',
      signIn.issuer,
      'not readable here; on AKS: az aks show --name NAME --resource-group GROUP --query oidcIssuerProfile.issuerUrl --output tsv',
    ),
    `${'subject'.padEnd(width)}${signIn.subject}`,
    `${'audience'.padEnd(width)}${signIn.audience}${signIn.usesBinding ? ' (by an identity binding)' : ''}`,
  ]
}

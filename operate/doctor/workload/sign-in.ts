import type { Said } from '../../../command/said.ts'
import { type AgentConfig, audienceOf, configVariable } from '../../../delivery/contract.ts'
import { readLogLine } from '../../../lib/log/read-log-line.ts'
import { azureAnnotations } from '../../../requests/annotations/azure-identity.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import { accountOf } from '../../../webhook/core/csi/account.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import type { Pod } from '../../../webhook/core/model/pod.ts'
import {
  usesWorkloadIdentity,
  workloadIdentityLabel,
} from '../../../webhook/core/model/workload-identity.ts'
import { textAt } from '../model/objects.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'

/** A value that the agent signs in with, such as the client ID. */
interface SignInPart extends Said {
  /** Where the value comes from, for people. */
  readonly from: string
}

/** Which identity the agent signs in with. A value that nothing names is absent. */
export interface WorkloadSignIn {
  readonly client: SignInPart | undefined
  readonly tenant: SignInPart | undefined
  readonly issuer: SignInPart | undefined
  readonly subject: string
  readonly audience: string
  readonly account: string
  readonly usesBinding: boolean
  /** Why the client or tenant that the ServiceAccount names isn't used. */
  readonly unused: string | undefined
}

/** Finds out which identity the agent of a pod signs in with, or would (docs/specification.md, "Identity"). */
export function signInOf(
  { pod, config }: { readonly pod: Pod; readonly config: AgentConfig },
  {
    namespace,
    account,
    issuer,
    logs,
    settings,
  }: Pick<WorkloadFacts, 'namespace' | 'account' | 'issuer' | 'logs' | 'settings'>,
): WorkloadSignIn {
  const { clientId, tenantId, defaultClientId, defaultTenantId } = config.identity
  const variable = agentVariables(pod)
  const ofAccount = annotationsOf(account)
  const accountName = accountOf(pod)
  const isLabelled = usesWorkloadIdentity(pod)
  /** Chooses the value that the agent uses, and compares it with the one that the ServiceAccount names. */
  const choose = (ofPod: unknown, name: string, key: string) => {
    const used = textOf(ofPod) ?? textOf(variable(name))
    const annotated = textOf(ofAccount[key])
    const isSame = used?.toLowerCase() === annotated?.toLowerCase()
    if (annotated !== undefined && (isSame || (used === undefined && isLabelled)))
      return partOf('apiServer', annotated, `ServiceAccount ${accountName}`)
    return partOf('pod', used, 'the pod')
  }
  return {
    client:
      choose(clientId, 'AZURE_CLIENT_ID', azureAnnotations.clientId) ??
      partOf('pod', defaultClientId, 'the configuration in the pod'),
    tenant:
      choose(tenantId, 'AZURE_TENANT_ID', azureAnnotations.tenantId) ??
      (defaultTenantId === settings?.['AKV_INJECTOR_DEFAULT_TENANT_ID']
        ? partOf('apiServer', defaultTenantId, 'the administrator’s default')
        : partOf('pod', defaultTenantId, 'the configuration in the pod')),
    issuer:
      (issuer && partOf(issuer.by, issuer.value, issuerSpeakers[issuer.by])) ??
      partOf('pod', issuerInLogs(logs), 'the agent’s log'),
    subject: `system:serviceaccount:${namespace}:${accountName}`,
    audience: audienceOf(config),
    account: accountName,
    usesBinding: config.tokenProxy !== undefined,
    unused:
      ofAccount[azureAnnotations.clientId] !== undefined && !isLabelled
        ? `ServiceAccount ${accountName} names one, but counts only for pods with the label ${workloadIdentityLabel}: "true"`
        : undefined,
  }
}

const issuerSpeakers = { apiServer: 'the API server', options: '--issuer' } as const

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

const partOf = (
  by: SignInPart['by'],
  value: string | undefined,
  from: string,
): SignInPart | undefined => (value === undefined ? undefined : { by, value, from })

function agentVariables({ spec }: Pod): (name: string) => string | undefined {
  const agent = spec.initContainers?.find(({ name }) => name === agentName)
  return (name) =>
    name === configVariable
      ? undefined
      : (agent?.env?.find((one) => one.name === name)?.value ?? undefined)
}

/** The newest issuer of a refused token (lib/errors/akv-error.ts). Agents of 0.1.0 don't name it there. */
function issuerInLogs(logs: WorkloadFacts['logs']): string | undefined {
  for (const log of logs.toReversed()) {
    if (log.kind !== 'read') continue
    for (const line of log.value.toReversed()) {
      const issuer = textAt(readLogLine(line), 'issuer')
      if (/^https:\/\/[!-~]{1,600}$/.test(issuer)) return issuer
    }
  }
  return undefined
}

const width = 10

/** Describes a sign-in, with a line for each value. */
export function describeSignIn(signIn: WorkloadSignIn): readonly string[] {
  const row = (name: string, found: SignInPart | undefined, otherwise: string) =>
    `${name.padEnd(width)}${found === undefined ? otherwise : describePart(found)}`
  const absent = `not known: ${signIn.unused ?? 'neither the pod nor its ServiceAccount names one'}`
  return [
    row('client', signIn.client, absent),
    row('tenant', signIn.tenant, absent),
    row(
      'issuer',
      signIn.issuer,
      'not readable here; name it with --issuer; on AKS: az aks show --name NAME --resource-group GROUP --query oidcIssuerProfile.issuerUrl --output tsv',
    ),
    `${'subject'.padEnd(width)}${signIn.subject}`,
    `${'audience'.padEnd(width)}${signIn.audience}${signIn.usesBinding ? ' (by an identity binding)' : ''}`,
  ]
}

const describePart = ({ by, value, from }: SignInPart): string =>
  by === 'pod' ? `${value} (${from} names it; nobody else confirms it)` : `${value} (${from})`

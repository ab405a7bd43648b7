import type { Problem } from '../../../lib/problems/problem.ts'
import type { AzureIdentity } from '../../../requests/annotations/azure-identity.ts'
import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'
import type { ClassParameters } from '../../../requests/class/class-parameters.ts'
import type { AccountIdentity } from './account.ts'
import type { AzureVolume } from './azure-volume.ts'

/** What a served volume says about the identity that reads its vault. */
interface VolumeIdentity
  extends Pick<AzureVolume, 'field' | 'hasClientSecret'>,
    Pick<ClassParameters, 'clientId' | 'namesClient' | 'tenantId' | 'otherSignIn'> {
  readonly volume: string
}

/** What else the pod says about its identity. */
export interface PodIdentity {
  /** From our annotations; they take precedence. */
  readonly annotated: {
    readonly clientId: string | undefined
    readonly tenantId: string | undefined
  }
  /** From the ServiceAccount. Absent if no volume needs it. */
  readonly account?: AccountIdentity
  /** True if azure-workload-identity sets the client in the agent's environment. */
  readonly isLabelled: boolean
  readonly namespace: string
  readonly accountName: string
}

export interface ChosenIdentity extends AzureIdentity {
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/**
 * Chooses the one identity of the pod's agent. The client comes from our annotation, else from the class, else from the
 * ServiceAccount, else from azure-workload-identity (docs/specification.md, "Identity of a served pod").
 */
export function chooseIdentity(
  volumes: readonly VolumeIdentity[],
  pod: PodIdentity,
): ChosenIdentity {
  const clients = volumes.map((volume) => ({ ...volume, id: clientOf(volume, pod) }))
  const tenants = volumes.map((volume) => ({ ...volume, id: tenantOf(volume, pod) }))
  const clientId = firstId(clients)
  const tenantId = firstId(tenants)
  const isReadable = pod.account === undefined || pod.account.problems.length === 0
  const unidentified =
    isReadable && !pod.isLabelled
      ? clients.filter(({ id, namesClient }) => id === undefined && !namesClient)
      : []
  return {
    ...(clientId !== undefined && { clientId }),
    ...(tenantId !== undefined && { tenantId }),
    problems: [
      ...(pod.account?.problems ?? []),
      ...unidentified.map((client) => ({
        ...client.field,
        sentence: noIdentitySentence(client, pod),
      })),
      ...differences(clients, clientSentence),
      ...differences(tenants, tenantSentence),
    ],
    warnings: clients.flatMap((client) => unusedSignInWarnings(client, pod)),
  }
}

const clientOf = (volume: VolumeIdentity, { annotated, account }: PodIdentity) =>
  annotated.clientId ?? volume.clientId ?? account?.clientId

/** The ServiceAccount's tenant goes with its client. */
const tenantOf = (volume: VolumeIdentity, { annotated, account }: PodIdentity) =>
  annotated.tenantId ??
  volume.tenantId ??
  (annotated.clientId === undefined && volume.clientId === undefined
    ? account?.tenantId
    : undefined)

interface Identified extends VolumeIdentity {
  readonly id: string | undefined
}

const firstId = (volumes: readonly Identified[]): string | undefined =>
  volumes.find(({ id }) => id !== undefined)?.id

function differences(
  volumes: readonly Identified[],
  sentence: (id: string, other: { readonly volume: string; readonly id: string }) => string,
): readonly Problem[] {
  const [first, ...others] = volumes.filter(({ id }) => id !== undefined)
  const other = others.find(({ id }) => id !== first?.id)
  return first?.id === undefined || other?.id === undefined
    ? []
    : [{ ...first.field, sentence: sentence(first.id, { ...other, id: other.id }) }]
}

const clientSentence: Parameters<typeof differences>[1] = (id, other) =>
  `signs in as ${id}, and volume ${other.volume} as ${other.id}, but a pod has one identity; give one of the two access to both vaults, and name it in ${annotationPrefix}client-id`
const tenantSentence: Parameters<typeof differences>[1] = (id, other) =>
  `signs in to tenant ${id}, and volume ${other.volume} to ${other.id}, but a pod has one identity; use vaults of one tenant, and name it in ${annotationPrefix}tenant-id`

/**
 * How the provider would sign in instead. Without any flag of the class, it uses the client secret of
 * `nodePublishSecretRef`.
 */
const otherSignInOf = ({ otherSignIn, hasClientSecret }: VolumeIdentity): string | undefined =>
  otherSignIn ?? (hasClientSecret ? 'a client secret' : undefined)

function noIdentitySentence(
  volume: VolumeIdentity,
  { namespace, accountName }: PodIdentity,
): string {
  const other = otherSignInOf(volume)
  const reason =
    other === undefined
      ? `names no client to sign in as, and neither does ServiceAccount ${accountName}`
      : `signs in with ${other}, but akv-injector signs in only with the pod's service account`
  return `${reason}. Give an identity that may read the vault a federated credential for system:serviceaccount:${namespace}:${accountName}, and name it: kubectl annotate serviceaccount ${accountName} azure.workload.identity/client-id=… -n ${namespace}`
}

function unusedSignInWarnings(volume: Identified, pod: PodIdentity): readonly Problem[] {
  const { id, otherSignIn } = volume
  const other = otherSignInOf(volume)
  if (other === undefined) return []
  if (id === undefined && !pod.isLabelled) return []
  const asks = otherSignIn === undefined ? 'the volume asks for' : 'the class asks for'
  const client = id === undefined ? '' : ` as ${id}`
  return [
    {
      ...volume.field,
      sentence: `${asks} ${other}; the pod signs in${client} with its service account ${pod.accountName}, which needs a federated credential`,
    },
  ]
}

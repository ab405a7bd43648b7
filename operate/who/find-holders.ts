import type { ObjectReference } from '../../keyvault/reference.ts'
import { pluralOf } from '../../lib/count-of.ts'
import type { Cluster } from '../cluster/open-cluster.ts'
import type { AgentImages } from '../cluster/pods/agent-images.ts'
import { type AgentPod, isUnrelated } from '../cluster/pods/agent-pod.ts'
import { askAgents } from '../cluster/pods/ask-agents.ts'
import { type AgentImageOptions, findAgentImages } from '../cluster/pods/find-agent-images.ts'
import { listAgentPods } from '../cluster/pods/list-pods.ts'
import { accountKind, listIfAllowed } from '../cluster/sync/list-sources.ts'
import { readSyncedAccount } from '../cluster/sync/synced-account.ts'
import { accountFindings } from './account-findings.ts'
import { changedMeanwhile } from './gate.ts'
import { type Findings, noFindings, type Unasked } from './holding.ts'
import { findLeftOut, type LeftOutPod, type PodName, withoutThem } from './left-out.ts'
import { matchesQuery, type ObjectQuery } from './object-query.ts'
import { mayHold, namesObject, podFindings } from './pod-findings.ts'
import { unnamedSources } from './unnamed-sources.ts'

interface Search {
  readonly query: ObjectQuery
  /** With `--gate`: pods and accounts that may have been missed count as not asked, so that they shut the gate. */
  readonly isGate: boolean
  readonly options: AgentImageOptions & { readonly selector?: string }
  /** The pods that the caller leaves out with `--without`. */
  readonly without: readonly PodName[]
}

/** What the agents answered, and which pods weren't asked on purpose. */
interface FoundInPods {
  readonly findings: readonly Findings[]
  readonly images: AgentImages | undefined
  /** Pods with a container of the agent's name that has nothing to do with akv-injector. They neither hold anything nor shut a gate. */
  readonly unrelated: readonly Unasked[]
  readonly leftOut: readonly LeftOutPod[]
  /** Whether the configuration of any pod names the object, even of a pod that has ended or is left out. */
  readonly isNamed: boolean
}

type Found = Findings & Omit<FoundInPods, 'findings'>

/** Asks the agents of all pods, and reads the statuses of all accounts, that use the objects or may use them. */
export async function findHolders(cluster: Cluster, search: Search): Promise<Found> {
  const { findings: pods, ...found } = await findInPods(cluster, search)
  const secrets = await findInSecrets(cluster, search)
  const unread = cluster.notices.isCut()
    ? [everybody(cluster, 'there are more objects than are read')]
    : []
  const all = [...pods, ...secrets]
  return {
    ...found,
    holdings: all.flatMap((it) => it.holdings),
    appearances: all.flatMap((it) => it.appearances),
    unasked: [...all.flatMap((it) => it.unasked), ...unread],
  }
}

async function findInPods(
  cluster: Cluster,
  { query, isGate, options, without }: Search,
): Promise<FoundInPods> {
  const { selector } = options
  const images = await findAgentImages(cluster, options)
  const isWanted = (object: ObjectReference) => matchesQuery(query, object)
  const listed = await listAgentPods(cluster, { selector, images, isWanted })
  const isConcerned = (pod: AgentPod) => !isUnrelated(pod)
  const pods = withoutThem(listed, without).filter(isConcerned)
  const asking = pods.filter((pod) => mayHold(pod, query))
  const findings = await askAgents(cluster, asking, ({ pod, asked }) =>
    podFindings(pod, { asked, query }),
  )
  const found = {
    images,
    unrelated: listed.filter((pod) => isUnrelated(pod) && !pod.hasEnded).map(asUnrelated),
    leftOut: findLeftOut(listed, without),
    isNamed: listed.some((pod) => namesObject(pod, query)),
  }
  if (!isGate) return { ...found, findings }
  const after = withoutThem(await listAgentPods(cluster, { images, isWanted }), without).filter(
    isConcerned,
  )
  const unasked = [
    ...changedMeanwhile(pods, { after, query }),
    ...(images === undefined ? asking.map(withUnknownImage) : []),
  ]
  return { ...found, findings: [...findings, { ...noFindings, unasked }] }
}

const asUnrelated = ({ namespace, workload, name: holder, agent }: AgentPod): Unasked => ({
  namespace,
  workload,
  holder,
  why: agent.kind === 'unrelated' ? agent.why : '',
})

async function findInSecrets(
  cluster: Cluster,
  { query, isGate, options: { selector } }: Search,
): Promise<readonly Findings[]> {
  const accounts = await listIfAllowed(cluster, accountKind, { selector, read: readSyncedAccount })
  const unread = (what: string): Findings => ({
    ...noFindings,
    unasked: [everybody(cluster, `${what} can’t be read`)],
  })
  if (accounts === undefined) return [unread('ServiceAccounts')]
  const found = accounts.map((account) => accountFindings(account, query))
  if (!isGate) return found
  for (const { kind, read } of unnamedSources(accounts, query)) {
    const unasked = await listIfAllowed(cluster, kind, { read })
    found.push(unasked === undefined ? unread(pluralOf(kind.kind)) : { ...noFindings, unasked })
  }
  return found
}

const everybody = ({ namespace }: Pick<Cluster, 'namespace'>, why: string): Unasked => ({
  namespace: namespace ?? '*',
  workload: '*',
  holder: '*',
  why,
})

/** Without the agent's images, an agent's log can't be told from that of another program. */
const withUnknownImage = ({ namespace, workload, name: holder }: AgentPod): Unasked => ({
  namespace,
  workload,
  holder,
  why: 'the image of its agent could not be compared with the webhook’s; name it with --agent-image',
})

import { pluralOf } from '../../lib/count-of.ts'
import type { Cluster } from '../cluster/open-cluster.ts'
import type { AgentPod } from '../cluster/pods/agent-pod.ts'
import { askAgents } from '../cluster/pods/ask-agents.ts'
import { type AgentImageOptions, findAgentImages } from '../cluster/pods/find-agent-images.ts'
import { listAgentPods } from '../cluster/pods/list-pods.ts'
import { accountKind, listIfAllowed } from '../cluster/sync/list-sources.ts'
import { readSyncedAccount } from '../cluster/sync/synced-account.ts'
import { accountFindings } from './account-findings.ts'
import type { AskedPlace } from './asked-place.ts'
import { changedMeanwhile } from './gate.ts'
import { type Findings, noFindings, type Unasked } from './holding.ts'
import { objectsAskedAbout, podFindings } from './pod-findings.ts'
import { unnamedSources } from './unnamed-sources.ts'

interface Search {
  readonly place: AskedPlace
  /** Whether whoever may have been missed counts as not asked. */
  readonly isGate: boolean
  readonly options: AgentImageOptions & { readonly selector?: string }
}

/** Asks all pods and accounts that ask for the objects, or may do so. */
export async function findHolders(cluster: Cluster, search: Search): Promise<Findings> {
  const pods = await findInPods(cluster, search)
  const secrets = await findInSecrets(cluster, search)
  const unread = cluster.notices.isCut()
    ? [everybody(cluster, 'there are more objects than are read')]
    : []
  const all = [...pods, ...secrets]
  return {
    holdings: all.flatMap((it) => it.holdings),
    appearances: all.flatMap((it) => it.appearances),
    unasked: [...all.flatMap((it) => it.unasked), ...unread],
  }
}

async function findInPods(
  cluster: Cluster,
  { place, isGate, options }: Search,
): Promise<readonly Findings[]> {
  const { selector } = options
  const images = await findAgentImages(cluster, options)
  const pods = await listAgentPods(cluster, { selector, images })
  const asking = pods.filter((pod) => objectsAskedAbout(pod, place)?.length !== 0)
  const answers = await askAgents(cluster, asking)
  const found = answers.map(({ pod, asked }) => podFindings(pod, { asked, place }))
  if (!isGate) return found
  const after = await listAgentPods(cluster, { images })
  const unasked = [
    ...changedMeanwhile(pods, { after, place }),
    ...(images === undefined ? asking.map(withUnknownImage) : []),
  ]
  return [...found, { ...noFindings, unasked }]
}

async function findInSecrets(
  cluster: Cluster,
  { place, isGate, options: { selector } }: Search,
): Promise<readonly Findings[]> {
  const accounts = await listIfAllowed(cluster, accountKind, { selector, read: readSyncedAccount })
  const unread = (what: string): Findings => ({
    ...noFindings,
    unasked: [everybody(cluster, `${what} can’t be read`)],
  })
  if (accounts === undefined) return [unread('ServiceAccounts')]
  const found = accounts.map((account) => accountFindings(account, place))
  if (!isGate) return found
  for (const { kind, read } of unnamedSources(accounts, place)) {
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

/** Only whoever knows the images of the agent can tell its log from another program's. */
const withUnknownImage = ({ namespace, workload, name: holder }: AgentPod): Unasked => ({
  namespace,
  workload,
  holder,
  why: 'the image of its agent could not be compared with the webhook’s; name it with --agent-image',
})

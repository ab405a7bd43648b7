import { checkIssuer } from '../../../command/grants/check-issuer.ts'
import { InputError } from '../../../command/input-error.ts'
import type { Confirmed } from '../../../command/said.ts'
import { isAnswer } from '../../../kubernetes/answers.ts'
import { isObject, type JsonObject, objectAt, objectsAt, valueAt } from '../../../lib/shape.ts'
import { type Kind, listAll, pathOfKind } from '../../cluster/list-all.ts'
import { mayRead } from '../../cluster/may-read.ts'
import { asClusterError, type Cluster } from '../../cluster/open-cluster.ts'
import { createLogReader } from '../../cluster/pods/agent-log.ts'
import { type AgentPod, isUnrelated, readAgentPod } from '../../cluster/pods/agent-pod.ts'
import { askAgent } from '../../cluster/pods/ask-agent.ts'
import type { AgentImageOptions } from '../../cluster/pods/find-agent-images.ts'
import { injectedAgent } from '../../cluster/pods/injected-agent.ts'
import { createLinesReader } from '../../cluster/pods/log-lines.ts'
import { labelsOf, selectsLabels } from '../model/label-selector.ts'
import { isReady, nameOf, templateOf, textAt, timeAt } from '../model/objects.ts'
import type { DoctorTarget } from '../model/target.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'
import { isQuiet } from '../verdict/facts/pod-containers.ts'
import { kinds } from './kinds.ts'
import { ownedBy } from './owned-by.ts'
import { lacksSecret, readSecretMakers } from './read-secret-makers.ts'
import { readWebhook } from './read-webhook.ts'

const replicaSets: Kind = { kind: 'ReplicaSet', api: 'apis/apps/v1', resource: 'replicasets' }
const eventKind: Kind = { kind: 'Event', api: 'api/v1', resource: 'events' }

/** The story of a workload needs fewer. */
const maxEvents = 500
/** How many lines to read of an agent's log. */
const logLines = 300

export interface WorkloadOptions extends AgentImageOptions {
  /** The OIDC issuer of the cluster. */
  readonly issuer?: string
}

/**
 * Reads a workload, its pods, and their events and logs.
 *
 * @throws InputError if the workload can't be read
 */
export async function readWorkload(
  cluster: Cluster,
  { target, issuer, ...options }: WorkloadOptions & { readonly target: DoctorTarget },
): Promise<WorkloadFacts> {
  const namespace = cluster.namespace ?? 'default'
  const object = await readTarget(cluster, target, namespace)
  const { children, pods } = await readPods(cluster, { target, object, namespace })
  const webhook = await readWebhook(cluster, { ...options, namespace })
  const pod = choosePod(pods, cluster.wallMs())
  const { images } = webhook
  const read = readAgentPod(pod, { images })
  const agent = read === undefined || isUnrelated(read) ? undefined : read
  const { logs, asked } = await readAgent(cluster, agent)
  const spec = pod ?? templateOf(object)
  const events = await readEvents(cluster, namespace, [object, ...children, ...(pod ? [pod] : [])])
  return {
    ...{ target, namespace, object, children, pods, pod, agent, logs, asked },
    config: injectedAgent(pod, { images })?.config,
    nowMs: cluster.wallMs(),
    events,
    account: await readAccount(cluster, namespace, spec),
    issuer: await readIssuer(cluster, issuer),
    settings: webhook.settings,
    teamDefaults: webhook.teamDefaults,
    isExcluded: webhook.isExcluded,
    configuredAtMs: webhook.configuredAtMs,
    volumesServed: webhook.volumesServed,
    namespaceObject: webhook.namespaceObject,
    node: await readNode(cluster, pod),
    secretMakers: lacksSecret(pod, events) ? await readSecretMakers(cluster, namespace) : undefined,
  }
}

async function readTarget(
  { get }: Cluster,
  target: DoctorTarget,
  namespace: string,
): Promise<JsonObject> {
  const what = `${target.kind} ${target.name} in namespace ${namespace}`
  try {
    const object = await get(`${pathOfKind(target, namespace)}/${encodeURIComponent(target.name)}`)
    return { ...objectAt(object), kind: target.kind }
  } catch (error) {
    if (!isAnswer(error, 404)) throw asClusterError(what, error)
    throw new InputError(`there is no ${what}; name another namespace with -n`)
  }
}

interface Owner {
  readonly target: DoctorTarget
  readonly object: JsonObject
  readonly namespace: string
}

async function readPods(cluster: Cluster, { target, object, namespace }: Owner) {
  if (target.kind === 'Pod') return { children: [], pods: [object] }
  const middle =
    target.kind === 'Deployment' ? replicaSets : target.kind === 'CronJob' ? kinds.jobs : undefined
  const children =
    middle === undefined ? [] : await listOwned(cluster, middle, { namespace, owners: [object] })
  const owners = middle === undefined ? [object] : children
  const selector = valueAt(object, 'spec', 'selector')
  const pods = (await listOwned(cluster, kinds.pods, { namespace, owners })).filter(
    (pod) => selector === undefined || selectsLabels(selector, labelsOf(pod)),
  )
  // Older ReplicaSets don't matter.
  return { children: children.slice(0, 2), pods }
}

/** Returns the newest first. */
async function listOwned(
  cluster: Cluster,
  kind: Kind,
  { namespace, owners }: { readonly namespace: string; readonly owners: readonly JsonObject[] },
): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = []
  await listAll(cluster, kind, {
    namespace,
    onObject: (object) => {
      if (isObject(object) && ownedBy(object, owners)) found.push({ ...object, kind: kind.kind })
    },
  })
  return found.toSorted((a, b) => createdAt(b) - createdAt(a))
}

const createdAt = (object: JsonObject): number =>
  timeAt(object, 'metadata', 'creationTimestamp') ?? 0

/**
 * Chooses the newest pod that fails now: it isn't ready, or a container of it has ended lately. Without one, the newest pod that
 * isn't being deleted and hasn't ended, because a controller leaves dead pods behind.
 */
function choosePod(pods: readonly JsonObject[], nowMs: number): JsonObject | undefined {
  const live = pods.filter(
    (pod) =>
      !['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase')) &&
      textAt(pod, 'metadata', 'deletionTimestamp') === '',
  )
  return live.find((pod) => !isReady(pod) || !isQuiet(pod, nowMs)) ?? live[0] ?? pods[0]
}

async function readAgent(
  cluster: Cluster,
  agent: AgentPod | undefined,
): Promise<Pick<WorkloadFacts, 'logs' | 'asked'>> {
  if (agent === undefined) return { logs: [], asked: undefined }
  const readLog = createLogReader(cluster)
  const asked = await askAgent(agent, { readLog, wallMs: cluster.wallMs() })
  if (agent.agent.kind === 'not-ours' || agent.state === undefined) return { logs: [], asked }
  const logs: WorkloadFacts['logs'][number][] = []
  const readLines = (isPrevious: boolean) =>
    readLog(agent, createLinesReader, { lines: logLines, isPrevious })
  // The kubelet keeps the log of the container's previous run.
  if (agent.state.restarts > 0) logs.push(await readLines(true))
  if (agent.state.kind !== 'waiting') logs.push(await readLines(false))
  return { logs, asked }
}

async function readEvents(
  cluster: Cluster,
  namespace: string,
  objects: readonly JsonObject[],
): Promise<readonly JsonObject[] | undefined> {
  const right = { what: 'events', group: '', resource: 'events', namespace }
  if (!(await mayRead(cluster, right))) return undefined
  const uids = new Set(objects.map((object) => textAt(object, 'metadata', 'uid')))
  const names = [...new Set(objects.map(nameOf))]
  const path = pathOfKind(eventKind, namespace)
  const lists = await Promise.all(
    names.map((name) =>
      cluster
        .get(path, { fieldSelector: `involvedObject.name=${name}`, limit: String(maxEvents) })
        .catch((error: unknown) => {
          throw asClusterError('events', error)
        }),
    ),
  )
  return lists
    .flatMap((list) => objectsAt(list, 'items'))
    .filter((event) => uids.has(textAt(event, 'involvedObject', 'uid')))
}

/** A notice isn't needed: the verdict names the right if it depends on it. */
async function readNode(
  { get }: Cluster,
  pod: JsonObject | undefined,
): Promise<WorkloadFacts['node']> {
  const name = textAt(pod, 'spec', 'nodeName')
  if (name === '') return undefined
  return await get(`${pathOfKind(kinds.nodes, undefined)}/${encodeURIComponent(name)}`).then(
    objectAt,
    (error: unknown) => (isAnswer(error, 404) ? null : undefined),
  )
}

async function readAccount(
  { get }: Cluster,
  namespace: string,
  pod: JsonObject,
): Promise<JsonObject | undefined> {
  const name = textAt(pod, 'spec', 'serviceAccountName') || 'default'
  const path = `${pathOfKind(kinds.accounts, namespace)}/${encodeURIComponent(name)}`
  return await get(path).then(objectAt, () => undefined)
}

/**
 * Returns the issuer that the caller names, or else asks the API server. By default, only ServiceAccounts may read it
 * there. There's no notice then, because the report says how to get the issuer.
 */
async function readIssuer(
  { get }: Cluster,
  named: string | undefined,
): Promise<Confirmed | undefined> {
  if (named !== undefined) return { by: 'options', value: checkIssuer(named) }
  const found = await get('/.well-known/openid-configuration').catch(() => undefined)
  const value = textAt(found, 'issuer')
  return value === '' ? undefined : { by: 'apiServer', value }
}

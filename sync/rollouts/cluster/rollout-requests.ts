import {
  AppsV1Api,
  CoreV1Api,
  PatchStrategy,
  setHeaderOptions,
  type V1PodList,
} from '@kubernetes/client-node'
import { answerOf, type FailedAnswer, isAnswer } from '../../../kubernetes/answers.ts'
import { type Connection, LargeAnswerError } from '../../../kubernetes/connection.ts'
import { listObjects, type PageQuery } from '../../../kubernetes/lists/list-objects.ts'
import { sendRaw } from '../../../kubernetes/raw-requests.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import { isName, subdomainName } from '../../../lib/name-rules.ts'
import { isObject, type JsonObject, objectAt, objectsAt } from '../../../lib/shape.ts'
import type { Lookup } from '../../../requests/class/looked-up.ts'
import { pruneClass } from '../../../requests/class/prune-class.ts'
import {
  rolloutFieldManager as fieldManager,
  recordAnnotation,
  restartedAtAnnotation,
} from '../../../requests/rollouts/rollout-names.ts'
import { ask, askForPage, clusterError, writeError } from '../../cluster/cluster-error.ts'
import { StaleError } from '../../cluster/cluster-port.ts'
import type { ReadingServices } from '../../cluster/kind-requests.ts'
import { readRolledPod, type SeenPod } from './read-pod.ts'
import { rolloutEventBody } from './rollout-event.ts'
import {
  type ListedPods,
  maxListedPods,
  type PodSelection,
  RefusedPatchError,
  type RolloutCluster,
} from './rollout-port.ts'

const pageSize = 100
const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)

const plurals = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
  ReplicaSet: 'replicasets',
} as const

/** The requests for roll-outs, through the connection of the controller. */
export function rolloutRequests({ connection, turnsOf }: ReadingServices): RolloutCluster {
  return {
    serverTimeMs: () => connection.serverTime().getTime(),
    ...accountRequestsOf(connection),
    listPods: (selection) => listPods(selection, { connection, turnsOf }),
    readOwner: (kind, { namespace, name }) =>
      readObject(connection, {
        what: `${kind} ${namespace}/${name}`,
        collection: `/apis/apps/v1/namespaces/${namespace}/${plurals[kind]}`,
        name,
      }),
    readClass: (namespace, name) => readClass(connection, { namespace, name }),
    ...workloadWrites(connection),
  }
}

function accountRequestsOf(
  connection: Connection,
): Pick<RolloutCluster, 'readAccount' | 'writeRecord' | 'createEvent'> {
  const core = new CoreV1Api(connection.configuration)
  return {
    readAccount: (namespace, name) =>
      readObject(connection, {
        what: `ServiceAccount ${namespace}/${name}`,
        collection: `/api/v1/namespaces/${namespace}/serviceaccounts`,
        name,
      }),
    async writeRecord({ namespace, name, uid }, text) {
      const body = { metadata: { uid, annotations: { [recordAnnotation]: text } } }
      const options = { namespace, name, fieldManager, body }
      const request = core.patchNamespacedServiceAccount(options, mergePatch)
      await ask(`the record of roll-outs in ServiceAccount ${namespace}/${name}`, request)
    },
    async createEvent(event) {
      const { namespace } = event.object
      const body = rolloutEventBody(event, connection.serverTime())
      const request = core.createNamespacedEvent({ namespace, body })
      await ask(`the Event in namespace ${namespace}`, request)
    },
  }
}

/** Whoever may write a class must not be able to fail the looks at an account. */
async function readClass(
  connection: Connection,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<Lookup> {
  try {
    const object = await readObject(connection, {
      what: `SecretProviderClass ${namespace}/${name}`,
      collection: `/apis/secrets-store.csi.x-k8s.io/v1/namespaces/${namespace}/secretproviderclasses`,
      name,
      asking: askForPage,
    })
    return object === undefined ? { kind: 'absent' } : pruneClass(object)
  } catch (error) {
    if (error instanceof LargeAnswerError)
      return { kind: 'failed', reason: 'it is larger than the controller reads' }
    if (error instanceof AkvError && error.code === 'AKV_CLUSTER_FORBIDDEN')
      return { kind: 'forbidden' }
    throw error
  }
}

/** @param object - `asking`: default {@link ask}, for which an object that is too large is an outage */
async function readObject(
  connection: Connection,
  {
    what,
    collection,
    name,
    asking = ask,
  }: {
    readonly what: string
    readonly collection: string
    readonly name: string
    readonly asking?: typeof askForPage
  },
): Promise<JsonObject | undefined> {
  // The API server checks neither the names of owners nor those in Roles. With "../" or "?", such a name would lead elsewhere.
  if (!isName(name, subdomainName)) return undefined
  const request = sendRaw(connection, { path: `${collection}/${name}` }).catch((error: unknown) => {
    if (!isAnswer(error, 404)) throw error
  })
  const text = await asking(what, request)
  if (text === undefined) return undefined
  const object: unknown = JSON.parse(text)
  return isObject(object) ? object : undefined
}

async function listPods(
  { namespace, account, labels = {} }: PodSelection,
  { connection, turnsOf }: Pick<ReadingServices, 'connection' | 'turnsOf'>,
): Promise<ListedPods> {
  let count = 0
  let isCut = false
  const { objects } = await listObjects<SeenPod>({
    pageSize,
    turns: turnsOf(namespace),
    async readPage({ limit, _continue }: PageQuery) {
      const query = {
        limit: String(limit),
        fieldSelector: `spec.serviceAccountName=${account}`,
        ...(Object.keys(labels).length > 0 && { labelSelector: selectorOf(labels) }),
        ...(_continue !== undefined && { continue: _continue }),
      }
      const path = `/api/v1/namespaces/${namespace}/pods`
      const what = `the pods of namespace ${namespace}`
      const page: V1PodList = JSON.parse(
        await askForPage(what, sendRaw(connection, { path, query })),
      )
      const items = objectsAt(page, 'items')
      count += items.length
      const token = objectAt(page, 'metadata')['continue']
      const isLast = typeof token !== 'string' || token === ''
      isCut = count >= maxListedPods && !isLast
      const objects = items.flatMap((item) => readRolledPod(item) ?? [])
      return { objects, token: isLast || isCut ? '' : token, resourceVersion: '' }
    },
  })
  return { pods: objects, isCut }
}

const selectorOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')

function workloadWrites(connection: Connection): Pick<RolloutCluster, 'patchTemplate'> {
  const apps = new AppsV1Api(connection.configuration)
  return {
    async patchTemplate({ namespace, kind, name, uid }, { resourceVersion, restartedAt }) {
      const annotations = { [restartedAtAnnotation]: restartedAt }
      const spec = { template: { metadata: { annotations } } }
      // The API server refuses the patch if the workload has another uid, or has changed.
      const body = { metadata: { uid, resourceVersion }, spec }
      const options = { namespace, name, fieldManager, body }
      const requests = {
        Deployment: () => apps.patchNamespacedDeployment(options, mergePatch),
        StatefulSet: () => apps.patchNamespacedStatefulSet(options, mergePatch),
        DaemonSet: () => apps.patchNamespacedDaemonSet(options, mergePatch),
      }
      try {
        await requests[kind]()
      } catch (error) {
        throw patchError({ answer: answerOf(error), what: `${kind} ${namespace}/${name}` })
      }
    },
  }
}

function patchError(request: {
  readonly answer: FailedAnswer | undefined
  readonly what: string
}): Error {
  const { what } = request
  const status = request.answer?.status ?? 0
  if (status === 404 || status === 409) return new StaleError(`${what} has changed`)
  const isRefused = status >= 400 && status < 500 && status !== 429
  if (!isRefused) return clusterError(request)
  const { message } = writeError(request)
  return new RefusedPatchError(message)
}

import { CoreV1Api, PatchStrategy, setHeaderOptions, type V1Secret } from '@kubernetes/client-node'
import { answerOf } from '../../kubernetes/answers.ts'
import { type ConnectOptions, openConnection } from '../../kubernetes/connection.ts'
import { describeObjects, type Page } from '../../kubernetes/lists/list-objects.ts'
import { createPageTurns } from '../../kubernetes/lists/paced-reading.ts'
import { systemClock } from '../../lib/clock.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { FairPace } from '../../lib/fair/fair-pace.ts'
import { objectOutline } from '../../requests/access/object-outline.ts'
import { asksForSecrets } from '../../requests/account/read-account.ts'
import { fieldManager, statusAnnotation } from '../../requests/secret/names.ts'
import type { SecretManifest } from '../plan/secret-manifest.ts'
import { readStoredSecret, type StoredSecret } from '../plan/stored-secret.ts'
import { ask, askForPage, tokenError, writeError } from './cluster-error.ts'
import type { SecretName, SyncCluster } from './cluster-port.ts'
import { customRequests } from './custom-requests.ts'
import { eventBody } from './event-body.ts'
import { kindRequests, type ReadingServices } from './kind-requests.ts'
import { createPageCosts } from './page-costs.ts'
import { rightsRequests } from './rights-requests.ts'
import { readSeenAccount } from './seen-account.ts'
import { readSeenNamespace } from './seen-namespace.ts'

/** The shortest lifetime that the API server issues. The token is exchanged at once. */
const tokenSeconds = 600

const pageSize = 50
const namespacesPerPage = 250

const apply = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply)
const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)
const jsonPatch = setHeaderOptions('Content-Type', PatchStrategy.JsonPatch)

interface ConnectedCluster extends SyncCluster {
  /** For other requests through the same connection. */
  readonly services: ReadingServices
}

/**
 * Connects to the API server. Secrets are read and written by name, because the controller isn't allowed to list them.
 */
export function connectCluster({
  pace,
  clock = systemClock,
  onForbidden = () => undefined,
  ...options
}: Omit<ConnectOptions, 'onForbidden'> & {
  readonly pace?: FairPace
  /** Called with the namespace of each request that the API server forbids. */
  readonly onForbidden?: (namespace: string) => void
}): ConnectedCluster {
  const costs = createPageCosts({ pace, clock })
  const connection = openConnection({
    ...options,
    outline: objectOutline,
    clock,
    onPage: costs.note,
    onAnswer: (path, microseconds) => costs.charge(namespaceIn(path), microseconds),
    onForbidden: (path) => onForbidden(namespaceIn(path)),
  })
  const core = new CoreV1Api(connection.configuration)
  const services = { connection, turnsOf: createPageTurns({ pace, clock }), costs }
  return {
    serverTimeMs: () => connection.serverTime().getTime(),
    ping: async () => void (await ask('listing namespaces', core.listNamespace({ limit: 1 }))),
    namespaces: namespaceRequests(core, services),
    ...rightsRequests(connection),
    accounts: accountRequests(core, services),
    requestToken: tokenRequests(core),
    ...customRequests(services),
    ...reportWrites(core),
    ...secretReads(core),
    ...secretWrites(core),
    services,
  }
}

const namespaceIn = (path: string): string => /\/namespaces\/([^/]+)/.exec(path)?.[1] ?? ''

const accountRequests = (core: CoreV1Api, services: ReadingServices) =>
  kindRequests(services, {
    pageSize,
    pathOf: (namespace) =>
      namespace === ''
        ? '/api/v1/serviceaccounts'
        : `/api/v1/namespaces/${namespace}/serviceaccounts`,
    async requestPage(namespace, query) {
      const request =
        namespace === ''
          ? core.listServiceAccountForAllNamespaces(query)
          : core.listNamespacedServiceAccount({ namespace, ...query })
      return pageOf(await askForPage(describeObjects('ServiceAccount', namespace), request))
    },
    read: readSeenAccount,
    asks: (object) => readSeenAccount(object).some(asksForSecrets),
  })

const namespaceRequests = (core: CoreV1Api, services: ReadingServices) =>
  kindRequests(services, {
    pageSize: namespacesPerPage,
    pathOf: () => '/api/v1/namespaces',
    requestPage: async (_, query) =>
      pageOf(await askForPage('all namespaces', core.listNamespace(query))),
    read: readSeenNamespace,
  })

function pageOf<T>({
  items,
  metadata,
}: {
  readonly items: readonly T[]
  readonly metadata?: { readonly _continue?: string; readonly resourceVersion?: string }
}): Page {
  const { _continue: token = '', resourceVersion = '' } = metadata ?? {}
  return { items, token, resourceVersion }
}

const tokenRequests =
  (core: CoreV1Api): SyncCluster['requestToken'] =>
  async ({ namespace, name, uid }, audience) => {
    const what = `ServiceAccount ${namespace}/${name}`
    const spec = { audiences: [audience], expirationSeconds: tokenSeconds }
    // With the uid, so that we don't get a token of an account that has replaced this one.
    const body = { metadata: { uid }, spec }
    const request = core.createNamespacedServiceAccountToken({ namespace, name, body })
    const { status } = await ask(what, request, tokenError)
    if (!status?.token)
      throw new AkvError('AKV_ACCOUNT_TOKEN', `${what}: the answer contains no token`)
    return status.token
  }

/** Reports to the owner of an account. */
function reportWrites(core: CoreV1Api): Pick<SyncCluster, 'writeStatus' | 'createEvent'> {
  return {
    async writeStatus({ namespace, name, uid }, status) {
      const annotations = { [statusAnnotation]: status ?? null }
      const request = core.patchNamespacedServiceAccount(
        // The API server refuses the patch if the account has another uid.
        { namespace, name, fieldManager, body: { metadata: { uid, annotations } } },
        mergePatch,
      )
      await ask(`the status of ServiceAccount ${namespace}/${name}`, request)
    },
    async createEvent(event) {
      const { namespace } = event.account
      const request = core.createNamespacedEvent({ namespace, body: eventBody(event) })
      await ask(`the Event in namespace ${namespace}`, request)
    },
  }
}

function secretReads(core: CoreV1Api): Pick<SyncCluster, 'readSecret'> {
  return {
    async readSecret({ namespace, name }) {
      const what = describeSecret({ namespace, name })
      const request = core.readNamespacedSecret({ namespace, name }).catch((error: unknown) => {
        if (answerOf(error)?.status !== 404) throw error
      })
      const secret = await ask(what, request)
      return secret === undefined ? undefined : stored(what, secret)
    },
  }
}

function secretWrites(
  core: CoreV1Api,
): Pick<SyncCluster, 'createSecret' | 'claimSecret' | 'applySecret' | 'deleteSecret'> {
  return {
    async createSecret(secret) {
      const { namespace } = secret.metadata
      const request = core.createNamespacedSecret({
        namespace,
        fieldManager,
        body: mutable(secret),
      })
      const what = describeSecret(secret.metadata)
      return stored(what, await ask(what, request, writeError))
    },
    async claimSecret(secret, patch) {
      const request = core.patchNamespacedSecret(
        { ...secret, fieldManager, body: patch },
        jsonPatch,
      )
      const what = describeSecret(secret)
      return stored(what, await ask(what, request, writeError))
    },
    async applySecret(secret, { force }) {
      const { namespace, name } = secret.metadata
      const request = core.patchNamespacedSecret(
        { namespace, name, fieldManager, body: secret, ...(force && { force }) },
        apply,
      )
      const what = describeSecret(secret.metadata)
      return stored(what, await ask(what, request, writeError))
    },
    async deleteSecret(secret, uid) {
      const request = core.deleteNamespacedSecret({ ...secret, body: { preconditions: { uid } } })
      await ask(describeSecret(secret), request, writeError)
    },
  }
}

function stored(what: string, secret: V1Secret): StoredSecret {
  const read = readStoredSecret(secret)
  if (read.kind === 'valid') return read.value
  throw new AkvError('AKV_CLUSTER_UNAVAILABLE', `${what}: ${read.problem}`)
}

/** The client's types don't accept readonly arrays. */
const mutable = ({ metadata, ...secret }: SecretManifest) => ({
  ...secret,
  metadata: { ...metadata, ownerReferences: [...metadata.ownerReferences] },
})

const describeSecret = ({ namespace, name }: SecretName): string => `Secret ${namespace}/${name}`

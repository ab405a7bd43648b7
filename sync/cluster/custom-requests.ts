import { CustomObjectsApi, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node'
import { answerOf } from '../../kubernetes/answers.ts'
import { describeObjects, type Page, type PageQuery } from '../../kubernetes/lists/list-objects.ts'
import { objectAt, valueAt } from '../../lib/shape.ts'
import { readSeenClass } from '../../requests/class/seen-class.ts'
import {
  readSeenExternalSecret,
  readSeenStore,
} from '../../requests/external-secret/seen-external-secret.ts'
import { fieldManager } from '../../requests/secret/names.ts'
import type { SeenSource } from '../../requests/source/seen-source.ts'
import { ask, askForPage } from './cluster-error.ts'
import {
  type CustomKind,
  KindAbsentError,
  type KindRequests,
  type SyncCluster,
} from './cluster-port.ts'
import { kindRequests, type ReadingServices } from './kind-requests.ts'
import { refuseUnread } from './read-large.ts'

interface Kind {
  readonly group: string
  readonly version: string
  readonly plural: string
}

const classes: Kind = {
  group: 'secrets-store.csi.x-k8s.io',
  version: 'v1',
  plural: 'secretproviderclasses',
}
const ofOperator = (plural: string): Kind => ({
  group: 'external-secrets.io',
  version: 'v1',
  plural,
})
const kinds: Readonly<Record<CustomKind, Kind>> = {
  SecretProviderClass: classes,
  ExternalSecret: ofOperator('externalsecrets'),
  SecretStore: ofOperator('secretstores'),
  ClusterSecretStore: ofOperator('clustersecretstores'),
}

const apply = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply)

/** Objects with hundreds of keys still fit into a page. */
const pageSize = 20

/** The requests for custom resources. */
export function customRequests(
  services: ReadingServices,
): Pick<SyncCluster, 'objectsOf' | 'servesKind' | 'writeReadyStatus'> {
  const api = new CustomObjectsApi(services.connection.configuration)
  const requestsOf = <T extends SeenSource>(
    kind: CustomKind,
    read: (object: unknown) => readonly T[],
    asks?: (object: unknown) => boolean,
  ): KindRequests<T> =>
    kindRequests(services, {
      pageSize,
      pathOf: (namespace) => pathOf(kind, namespace),
      requestPage: (namespace, query) => requestPage(api, { kind, namespace, query }),
      read: refuseUnread(read),
      ...(asks && { asks }),
    })
  return {
    objectsOf: {
      SecretProviderClass: requestsOf('SecretProviderClass', readSeenClass, hasSecretObjects),
      ExternalSecret: requestsOf('ExternalSecret', readSeenExternalSecret, () => true),
      SecretStore: requestsOf('SecretStore', readSeenStore),
      ClusterSecretStore: requestsOf('ClusterSecretStore', readSeenStore),
    },
    /** While a CRD is being deleted, the API server still serves its objects, but no longer lets any be created. */
    async servesKind(kind) {
      const { group, version, plural } = kinds[kind]
      const request = api.getAPIResources({ group, version }).catch(unlessAbsent)
      const list = await ask(`the kinds of ${group}`, request)
      const resource = list?.resources.find(({ name }) => name === plural)
      return resource?.verbs.includes('create') === true
    },
    async writeReadyStatus({ kind, namespace, name, uid }, status) {
      const { group, version } = kinds[kind]
      const isOfCluster = namespace === ''
      const metadata = { ...(!isOfCluster && { namespace }), name, uid }
      const body = { apiVersion: `${group}/${version}`, kind, metadata, status }
      // With force, because the operator may have owned the fields before.
      const applied = { ...kinds[kind], name, body, fieldManager, force: true }
      const request = isOfCluster
        ? api.patchClusterCustomObjectStatus(applied, apply)
        : api.patchNamespacedCustomObjectStatus({ ...applied, namespace }, apply)
      await ask(`the status of ${kind} ${isOfCluster ? '' : `${namespace}/`}${name}`, request)
    },
  }
}

const hasSecretObjects = (object: unknown): boolean =>
  valueAt(object, 'spec', 'secretObjects') !== undefined

/** @param namespace - empty for a cluster-scoped kind */
function pathOf(kind: CustomKind, namespace: string): string {
  const { group, version, plural } = kinds[kind]
  const scope = namespace === '' ? '' : `namespaces/${namespace}/`
  return `/apis/${group}/${version}/${scope}${plural}`
}

/** Requests a page of a list. Throws KindAbsentError if the cluster doesn't know the kind. */
async function requestPage(
  api: CustomObjectsApi,
  list: { readonly kind: CustomKind; readonly namespace: string; readonly query: PageQuery },
): Promise<Page> {
  const { kind, namespace } = list
  const what = describeObjects(kind, namespace)
  const query = { ...kinds[kind], ...list.query }
  const request =
    namespace === ''
      ? api.listClusterCustomObject(query)
      : api.listNamespacedCustomObject({ ...query, namespace })
  const answer: unknown = await askForPage(what, request.catch(unlessAbsent))
  if (answer === undefined) throw new KindAbsentError(what)
  return readPage(answer)
}

/** The cluster doesn't know the kind: undefined takes the place of an answer. */
function unlessAbsent(error: unknown): undefined {
  if (answerOf(error)?.status !== 404) throw error
}

/** The client doesn't check lists of custom objects. */
function readPage(answer: unknown): Page {
  const { items } = objectAt(answer)
  const { continue: token, resourceVersion } = objectAt(answer, 'metadata')
  return {
    items: Array.isArray(items) ? items : [],
    token: typeof token === 'string' ? token : '',
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
  }
}

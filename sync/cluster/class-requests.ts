import { CustomObjectsApi } from '@kubernetes/client-node'
import { answerOf } from '../../kubernetes/answers.ts'
import type { Connection } from '../../kubernetes/connection.ts'
import { isObject } from '../../lib/shape.ts'
import { readSeenClass, type SeenClass } from '../source/seen-class.ts'
import type { SourceKind } from '../source/source-ref.ts'
import { ask } from './ask.ts'
import { KindAbsentError, type ObjectList, type SyncCluster } from './cluster-port.ts'
import { followObjects } from './follow-objects.ts'

const group = 'secrets-store.csi.x-k8s.io'
const version = 'v1'
const plural = 'secretproviderclasses'

const plurals: Readonly<Record<SourceKind, string>> = { SecretProviderClass: plural }

/** A class may have 1 MiB, and a page is in memory both as text and as objects. */
const pageSize = 20

/** The requests for SecretProviderClasses. They are only read. */
export function classRequests(
  connection: Connection,
): Pick<SyncCluster, 'listClasses' | 'watchClasses' | 'servesKind'> {
  const custom = new CustomObjectsApi(connection.configuration)
  return {
    listClasses: (namespace) => listClasses(custom, namespace),
    watchClasses: ({ namespace, ...options }) =>
      followObjects(connection, {
        ...options,
        path: `/apis/${group}/${version}/namespaces/${namespace}/${plural}`,
        read: readSeenClass,
      }),
    /** While a CRD is being deleted, the API server still serves its objects, but no longer lets any be created. */
    async servesKind(kind) {
      const request = custom.getAPIResources({ group, version }).catch(unlessAbsent)
      const list = await ask(`the kinds of ${group}`, request)
      const resource = list?.resources.find(({ name }) => name === plurals[kind])
      return resource?.verbs.includes('create') === true
    },
  }
}

/** Lists all classes of a namespace, page by page. Throws KindAbsentError if the cluster doesn't know the kind. */
async function listClasses(
  custom: CustomObjectsApi,
  namespace: string,
): Promise<ObjectList<SeenClass>> {
  const what = `the SecretProviderClasses of namespace ${namespace}`
  const objects: SeenClass[] = []
  let page: ListPage = { items: [], token: '', resourceVersion: '' }
  do {
    const from = page.token === '' ? {} : { _continue: page.token }
    const request = custom
      .listNamespacedCustomObject({ group, version, namespace, plural, limit: pageSize, ...from })
      .catch(unlessAbsent)
    const answer: unknown = await ask(what, request)
    if (answer === undefined) throw new KindAbsentError(what)
    page = readPage(answer)
    objects.push(...page.items.flatMap(readSeenClass))
  } while (page.token !== '')
  return { objects, resourceVersion: page.resourceVersion }
}

/** The cluster doesn't know the kind: undefined takes the place of an answer. */
function unlessAbsent(error: unknown): undefined {
  if (answerOf(error)?.status !== 404) throw error
}

interface ListPage {
  readonly items: readonly unknown[]
  readonly token: string
  readonly resourceVersion: string
}

/** The client doesn't check lists of custom objects. */
function readPage(answer: unknown): ListPage {
  const { items, metadata } = isObject(answer) ? answer : {}
  const { continue: token, resourceVersion } = isObject(metadata) ? metadata : {}
  return {
    items: Array.isArray(items) ? items : [],
    token: typeof token === 'string' ? token : '',
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
  }
}

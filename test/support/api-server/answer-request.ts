import { randomUUID } from 'node:crypto'
import { valueAt } from '../../../lib/shape.ts'
import { type ApiAnswer, failure } from './api-answer.ts'
import type { ApiObject } from './api-object.ts'
import type { ListPage } from './list-pages.ts'
import type { ObjectStore } from './object-store.ts'

export interface ApiRequest {
  /** `WATCH` for a GET that watches. */
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly contentType: string
  readonly body: unknown
}

const pathPattern =
  /^(?:\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<resource>[^/]+)(?:\/(?<name>[^/]+))?$/

/** Answers a request for objects of any kind: one by its name, a collection page by page, and any write. */
export function answerRequest(
  request: ApiRequest,
  { objects, listPage }: { readonly objects: ObjectStore; readonly listPage: ListPage },
): ApiAnswer {
  const { method, path, query, contentType, body } = request
  const { namespace, resource, name } = pathPattern.exec(path)?.groups ?? {}
  const manager = query.get('fieldManager') ?? 'unknown'
  if (resource === undefined) return failure(404, 'NotFound')
  if (name === undefined) {
    if (method === 'POST') return create({ path, namespace, manager, objects }, body as ApiObject)
    // No component has the right to list Secrets.
    if (method !== 'GET' || resource === 'secrets') return failure(403, 'Forbidden')
    return listPage(path, query)
  }
  switch (method) {
    case 'GET':
      return found(objects.get(path), path)
    case 'DELETE':
      return objects.delete(path, (body as { preconditions?: { uid: string } })?.preconditions?.uid)
    case 'PATCH':
      return contentType === 'application/apply-patch+yaml'
        ? objects.apply(path, {
            applied: body as ApiObject,
            manager,
            force: query.get('force') === 'true',
          })
        : objects.patch(path, { contentType, body, manager })
    default:
      return failure(405, 'MethodNotAllowed')
  }
}

/** Answers a request for a token of a service account. Its uid may be a precondition. */
export async function answerTokenRequest(
  { path, body }: ApiRequest,
  options: {
    readonly objects: ObjectStore
    readonly tokenOf: (namespace: string, name: string, audience?: string) => Promise<string>
  },
): Promise<ApiAnswer> {
  const account = options.objects.get(path.replace(/\/token$/, ''))
  if (account === undefined) return failure(404, 'NotFound')
  const { uid, namespace = '', name } = account.metadata
  const wanted = (body as { metadata?: { uid?: string } }).metadata?.uid ?? uid
  if (wanted !== uid) return failure(409, 'Conflict')
  const audience = valueAt(body, 'spec', 'audiences', 0)
  const text = typeof audience === 'string' ? audience : undefined
  return [201, { status: { token: await options.tokenOf(namespace, name, text) } }]
}

function create(
  options: {
    readonly path: string
    readonly namespace: string | undefined
    readonly manager: string
    readonly objects: ObjectStore
  },
  sent: ApiObject,
): ApiAnswer {
  const { path, namespace, manager, objects } = options
  const { generateName } = sent.metadata as { generateName?: string }
  const name = sent.metadata.name ?? `${generateName}${randomUUID()}`
  const metadata = { ...(namespace !== undefined && { namespace }), ...sent.metadata, name }
  return objects.create(`${path}/${name}`, { object: { ...sent, metadata }, manager })
}

const found = (object: ApiObject | undefined, path: string): ApiAnswer =>
  object ? [200, object] : failure(404, 'NotFound', `${path} not found`)

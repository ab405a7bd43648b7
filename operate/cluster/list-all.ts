import { isAnswer } from '../../kubernetes/answers.ts'
import { listObjects, type Page } from '../../kubernetes/lists/list-objects.ts'
import { createPageTurns } from '../../kubernetes/lists/paced-reading.ts'
import { systemClock } from '../../lib/clock.ts'
import { pluralOf } from '../../lib/count-of.ts'
import { valueAt } from '../../lib/shape.ts'
import { asClusterError, type Cluster } from './open-cluster.ts'

/** A kind of objects of the API server. */
export interface Kind {
  readonly kind: string
  /** Such as `api/v1` or `apis/apps/v1`. */
  readonly api: string
  /** Such as `pods`. */
  readonly resource: string
}

/** No cluster should have more objects of a kind. */
const maxObjects = 200_000
const pageSize = 500

export const pathOfKind = ({ api, resource }: Kind, namespace: string | undefined): string =>
  `/${api}/${namespace === undefined ? '' : `namespaces/${encodeURIComponent(namespace)}/`}${resource}`

/** `apps` of `apis/apps/v1`; empty for the core group. */
export const groupOf = ({ api }: Pick<Kind, 'api'>): string =>
  api === 'api/v1' ? '' : (api.split('/')[1] ?? '')

/**
 * Lists objects page by page, and calls `onObject` for each before it reads the next page, so memory holds only what
 * the caller keeps. A kind that the cluster doesn't know has no objects.
 *
 * @param options - `namespace`: undefined for the whole cluster
 * @throws InputError if the objects can't be listed
 */
export async function listAll(
  { get, notices }: Pick<Cluster, 'get' | 'notices'>,
  kind: Kind,
  options: {
    readonly namespace: string | undefined
    readonly selector?: string | undefined
    readonly onObject: (object: unknown) => void
    readonly most?: number
  },
): Promise<void> {
  const { namespace, selector, onObject, most = maxObjects } = options
  const path = pathOfKind(kind, namespace)
  let count = 0
  async function requestPage({ limit, _continue }: { limit: number; _continue?: string }) {
    const page = await get(path, {
      limit: String(limit),
      ...(_continue !== undefined && { continue: _continue }),
      ...(selector !== undefined && { labelSelector: selector }),
    })
    const read = readPage(page)
    count += read.items.length
    if (read.token === '' || count < most) return read
    notices.cut(`only the first ${count} ${pluralOf(kind.kind)} were read`)
    return { ...read, token: '' }
  }
  const turns = createPageTurns({ clock: systemClock })('')
  try {
    await listObjects({
      pageSize,
      turns,
      async readPage(query) {
        const { items, ...page } = await requestPage(query)
        for (const item of items) onObject(item)
        return { ...page, objects: [] }
      },
    })
  } catch (error) {
    if (isAnswer(error, 404)) return
    throw asClusterError(describeKind(kind, namespace), error)
  }
}

function readPage(page: unknown): Page {
  const items = valueAt(page, 'items')
  const token = valueAt(page, 'metadata', 'continue')
  return {
    items: Array.isArray(items) ? items : [],
    token: typeof token === 'string' ? token : '',
    resourceVersion: '',
  }
}

const describeKind = ({ kind }: Kind, namespace: string | undefined): string =>
  `${pluralOf(kind)} ${namespace === undefined ? 'in all namespaces; name one with -n if you may read only that' : `in namespace ${namespace}`}`

import { resourceAttributes } from '../../kubernetes/resource-attributes.ts'
import { valueAt } from '../../lib/shape.ts'
import type { Cluster } from './open-cluster.ts'

/** Something that not everybody with the cluster role `view` may read. */
interface Right {
  /** For the notice: `nodes`, `the Deployments of the webhook`. */
  readonly what: string
  readonly verb?: string
  /** Empty for the core group. */
  readonly group: string
  readonly resource: string
  /** Absent: in all namespaces, or a resource of the cluster. */
  readonly namespace?: string | undefined
  /** Only the object of this name. */
  readonly name?: string
}

const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'

/** Asks whether the caller has a right. If not, or if that can't be asked, a notice says what wasn't read. */
export async function mayRead(
  { post, notices }: Pick<Cluster, 'post' | 'notices'>,
  right: Right,
): Promise<boolean> {
  const { what, verb = 'list', ...access } = right
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: resourceAttributes({ verb, ...access }) },
  }
  const answer = await post(reviews, review).catch(() => undefined)
  if (valueAt(answer, 'status', 'allowed') === true) return true
  const { group, resource, namespace } = access
  const ofGroup = group === '' ? '' : ` of ${group}`
  notices.refused({ what, right: `${verb} ${resource}${ofGroup}`, namespace })
  return false
}

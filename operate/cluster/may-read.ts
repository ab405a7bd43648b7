import { resourceAttributes } from '../../kubernetes/resource-attributes.ts'
import { valueAt } from '../../lib/shape.ts'
import type { Cluster } from './open-cluster.ts'

/** A right that the cluster role `view` doesn't include. */
interface Right {
  /** What the right is for, as the notice says it: `nodes`, `the Deployments of the webhook`. */
  readonly what: string
  readonly verb?: string
  /** Empty for the core group. */
  readonly group: string
  readonly resource: string
  /** Absent: all namespaces, or a cluster-scoped resource. */
  readonly namespace?: string | undefined
  /** Only the object of this name. */
  readonly name?: string
}

const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'

/**
 * Asks the API server whether the caller has a right. If not, or if the API server doesn't answer that, a notice says
 * what wasn't read.
 */
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

import { AuthorizationV1Api } from '@kubernetes/client-node'
import type { Connection } from '../../kubernetes/connection.ts'
import { resourceAttributes } from '../../kubernetes/resource-attributes.ts'
import { ask } from './cluster-error.ts'
import type { SyncCluster } from './cluster-port.ts'

/** The requests that ask the API server what the controller may do. */
export function rightsRequests({
  configuration,
}: Pick<Connection, 'configuration'>): Pick<SyncCluster, 'reviewRules' | 'reviewAccess'> {
  const api = new AuthorizationV1Api(configuration)
  return {
    async reviewRules(namespace) {
      const request = api.createSelfSubjectRulesReview({ body: { spec: { namespace } } })
      const { status } = await ask(`the controller's rights in namespace ${namespace}`, request)
      return {
        rules: (status?.resourceRules ?? []).map((rule) => ({
          verbs: rule.verbs ?? [],
          apiGroups: rule.apiGroups ?? [],
          resources: rule.resources ?? [],
          resourceNames: rule.resourceNames ?? [],
        })),
        // Without a status, nothing is known. With an error, such as a Role that isn't there or isn't read yet, the rules of other
        // Roles are missing, although RBAC calls its answer complete.
        isIncomplete: status?.incomplete !== false || Boolean(status.evaluationError),
      }
    },
    async reviewAccess(namespace, need) {
      const spec = { resourceAttributes: resourceAttributes({ ...need, namespace }) }
      const request = api.createSelfSubjectAccessReview({ body: { spec } })
      const { status } = await ask(`the controller's rights in namespace ${namespace}`, request)
      return status?.allowed === true
    },
  }
}

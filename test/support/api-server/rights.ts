import type { ApiRequest } from './answer-request.ts'
import { type ApiAnswer, failure } from './api-answer.ts'
import type { ObjectStore } from './object-store.ts'

/** A rule in the answer to a SelfSubjectRulesReview. */
export interface AnsweredRule {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
}

/** The rights of the client in an API server, by namespace. */
export interface ClientRights {
  /** Creates a namespace, in which the client may do all that sync needs for these accounts. */
  enable(namespace: string, accounts: readonly string[]): void
  /** Creates a namespace, in which the client has these rules. */
  set(namespace: string, rules: readonly AnsweredRule[], isIncomplete?: boolean): void
  /** Deletes a namespace and creates it again, so it is looked at. */
  touch(namespace: string): void
  /** Deletes a namespace, or begins to. */
  delete(namespace: string, how?: 'begin'): void
  answer(request: ApiRequest): ApiAnswer | undefined
}

/** What the Role that `akv-injector rbac` prints allows, and the chart's ClusterRole. */
export const rulesFor = (accounts: readonly string[]): readonly AnsweredRule[] => [
  rule('', 'serviceaccounts/token', ['create'], accounts),
  rule('', 'serviceaccounts', ['patch'], accounts),
  rule('', 'secrets', ['get', 'create', 'patch', 'delete']),
  rule('', 'events', ['create']),
  rule('external-secrets.io', 'externalsecrets/status', ['patch']),
  rule('external-secrets.io', 'secretstores/status', ['patch']),
  rule('', 'serviceaccounts', ['list', 'watch']),
  rule('secrets-store.csi.x-k8s.io', 'secretproviderclasses', ['list', 'watch']),
  rule('external-secrets.io', 'externalsecrets', ['list', 'watch']),
  rule('external-secrets.io', 'secretstores', ['list', 'watch']),
]

const rule = (
  group: string,
  resource: string,
  verbs: readonly string[],
  resourceNames: readonly string[] = [],
): AnsweredRule => ({ apiGroups: [group], resources: [resource], verbs, resourceNames })

const reviews = '/apis/authorization.k8s.io/v1/'

export function createClientRights(objects: ObjectStore): ClientRights {
  const all = new Map<string, { rules: readonly AnsweredRule[]; incomplete: boolean }>()
  const put = (name: string, phase: string) =>
    objects.put(`/api/v1/namespaces/${name}`, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { ...objects.get(`/api/v1/namespaces/${name}`)?.metadata, name },
      status: { phase },
    })
  const rights: ClientRights = {
    enable: (namespace, accounts) => rights.set(namespace, rulesFor(accounts)),
    set(namespace, rules, incomplete = false) {
      all.set(namespace, { rules, incomplete })
      if (!objects.get(`/api/v1/namespaces/${namespace}`)) put(namespace, 'Active')
    },
    touch(namespace) {
      objects.delete(`/api/v1/namespaces/${namespace}`)
      put(namespace, 'Active')
    },
    delete(namespace, how) {
      if (how === 'begin') return void put(namespace, 'Terminating')
      all.delete(namespace)
      objects.delete(`/api/v1/namespaces/${namespace}`)
    },
    answer({ path, body }) {
      if (!path.startsWith(reviews)) return undefined
      const { spec } = body as { spec: { namespace?: string; resourceAttributes?: Attributes } }
      if (path.endsWith('/selfsubjectrulesreviews')) {
        const { rules = [], incomplete = false } = all.get(spec.namespace ?? '') ?? {}
        const status = { resourceRules: rules, nonResourceRules: [], incomplete }
        return [201, { ...(body as object), status }]
      }
      return failure(403, 'Forbidden')
    },
  }
  return rights
}

interface Attributes {
  readonly namespace: string
}

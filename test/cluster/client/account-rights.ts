import type { Api } from './api.ts'
import { expectSuccess } from './expect-success.ts'

export interface ListRightsOptions {
  readonly caller: Api
  readonly namespace: string
  /** The user to ask as; the caller, unless told otherwise. */
  readonly as?: string
}

/** What somebody may do in a namespace, as the API server itself lists it: a rule of RBAC each, in JSON. */
export async function listRights({
  caller,
  namespace,
  as,
}: ListRightsOptions): Promise<readonly string[]> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace },
  }
  const { body } = expectSuccess(
    await caller.call({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
      body: review,
      ...(as && { as }),
    }),
  )
  const { resourceRules, nonResourceRules, incomplete } = body['status'] as {
    resourceRules: readonly object[]
    nonResourceRules: readonly object[]
    incomplete: boolean
  }
  if (incomplete) throw new Error('the API server lists only a part of the rights')
  return [...resourceRules, ...nonResourceRules].map((rule) => JSON.stringify(rule)).sort()
}

import type { Api } from './api.ts'
import { expectSuccess } from './expect-success.ts'

export interface ListRightsOptions {
  readonly caller: Api
  readonly namespace: string
  /** The user to impersonate; by default the caller's own rights are listed. */
  readonly as?: string
}

/** Lists what a user may do in a namespace, as the API server reports it: one RBAC rule in JSON for each entry. */
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
  if (incomplete) throw new Error('the API server listed only some of the rights')
  return [...resourceRules, ...nonResourceRules].map((rule) => JSON.stringify(rule)).sort()
}

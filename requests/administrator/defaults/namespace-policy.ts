import { type Amounts, resourcesAbove } from '../../../lib/values/quantity.ts'
import { minRefreshSeconds, type PodSettings } from '../../annotations/pod-settings.ts'
import type { Policy } from '../policy.ts'
import { readDefaults } from './team-defaults.ts'

interface NamespacePod {
  readonly namespace: string
  /** The pod's own annotations, prefix removed. They take precedence over defaults. */
  readonly annotations: Readonly<Record<string, unknown>>
  /** The defaults that an earlier review stored with the pod. Absent: no earlier review has injected it. */
  readonly stored?: Readonly<Record<string, string>> | undefined
}

/**
 * The administrator's policy for a pod, with the defaults of its namespace (docs/specification.md, "Defaults of a namespace"). Those
 * that an earlier review stored with the pod count, whatever they are now, so that a second review finds what the first one did.
 */
export function policyOf(policy: Policy, { namespace, annotations, stored }: NamespacePod): Policy {
  const { teamDefaults } = policy
  const given = stored ?? teamDefaults?.get(namespace) ?? teamDefaults?.get('*')
  if (given === undefined) return policy
  const own = readDefaults(annotations)
  const contradicted = contradictedBy(own, readDefaults(given))
  const left = Object.entries(given).filter(
    ([key]) => !Object.hasOwn(annotations, key) && !contradicted.has(key),
  )
  if (left.length === 0) return policy
  const usedDefaults = Object.fromEntries(left)
  const values = readDefaults(usedDefaults)
  const refreshSeconds = refreshWithin(own['stale-after'], values.refresh)
  return {
    ...policy,
    usedDefaults,
    ...(values.vault !== undefined && { defaultVault: values.vault }),
    ...(values['tenant-id'] !== undefined && { defaultTenantId: values['tenant-id'] }),
    ...(values['client-id'] !== undefined && { defaultClientId: values['client-id'] }),
    ...(values['agent-requests'] && { agentRequests: values['agent-requests'] }),
    ...(values['agent-limits'] && { agentLimits: values['agent-limits'] }),
    ...(values.metrics !== undefined && { metricsPort: values.metrics }),
    ...(refreshSeconds !== undefined && { defaultRefreshSeconds: refreshSeconds }),
    ...(values['stale-after'] !== undefined && { defaultStaleAfterSeconds: values['stale-after'] }),
  }
}

/** The defaults that don't go with what the pod asks for itself. With them, the pod would be refused. */
function contradictedBy(
  own: Partial<PodSettings>,
  given: Partial<PodSettings>,
): ReadonlySet<string> {
  const contradicted = new Set<keyof PodSettings>()
  if (areAbove(given['agent-requests'], own['agent-limits'])) contradicted.add('agent-requests')
  if (areAbove(own['agent-requests'], given['agent-limits'])) contradicted.add('agent-limits')
  const staleAfter = own['stale-after'] ?? Number.POSITIVE_INFINITY
  if (staleAfter < 2 * minRefreshSeconds) contradicted.add('refresh')
  return contradicted
}

const areAbove = (requests: Amounts = {}, limits: Amounts = {}): boolean =>
  resourcesAbove(requests, limits).length > 0

/** A pod that says how old its objects may be refreshes often enough for that, whatever the default. */
const refreshWithin = (
  staleAfterSeconds = Number.POSITIVE_INFINITY,
  refreshSeconds: number | undefined,
): number | undefined =>
  refreshSeconds === undefined
    ? undefined
    : Math.min(refreshSeconds, Math.floor(staleAfterSeconds / 2))

/** More would fill a log, and say no more. */
const maxExcesses = 20

/** The namespaces whose pods would request more than their limit with the defaults and settings of this policy. */
export function excessiveDefaults(policy: Policy): readonly string[] {
  if (areAbove(policy.agentRequests, policy.agentLimits)) return []
  const namespaces = [...(policy.teamDefaults?.keys() ?? [])]
  const excesses = namespaces.flatMap((namespace) => {
    const { agentRequests, agentLimits } = policyOf(policy, { namespace, annotations: {} })
    return resourcesAbove(agentRequests, agentLimits).map(
      (resource) =>
        `${namespace}: its pods would request ${resource}=${agentRequests[resource]} with a limit of ${resource}=${agentLimits[resource]}; set agent-requests and agent-limits that fit`,
    )
  })
  return excesses.slice(0, maxExcesses)
}

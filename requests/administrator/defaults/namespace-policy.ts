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
  const left = Object.entries(given).filter(([key]) => !Object.hasOwn(annotations, key))
  if (left.length === 0) return policy
  const usedDefaults = Object.fromEntries(left)
  const values = readDefaults(usedDefaults)
  return {
    ...policy,
    usedDefaults,
    ...(values.vault !== undefined && { defaultVault: values.vault }),
    ...(values['tenant-id'] !== undefined && { defaultTenantId: values['tenant-id'] }),
    ...(values['client-id'] !== undefined && { defaultClientId: values['client-id'] }),
    ...(values['agent-requests'] && { agentRequests: values['agent-requests'] }),
    ...(values['agent-limits'] && { agentLimits: values['agent-limits'] }),
    ...(values.metrics !== undefined && { metricsPort: values.metrics }),
    ...(values.refresh !== undefined && { defaultRefreshSeconds: values.refresh }),
    ...(values['stale-after'] !== undefined && { defaultStaleAfterSeconds: values['stale-after'] }),
  }
}

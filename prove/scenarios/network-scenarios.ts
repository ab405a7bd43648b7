import type { Seen } from './looks/seen.ts'
import { apply, change, code, file, podOf } from './parts.ts'
import type { Scenario, ScenarioFacts } from './scenario.ts'

/** Azure says only that such a change takes minutes. */
const waitsMs = 15 * 60_000

/** What pods do when the vault can't be reached, and when it is gone. */
export function networkScenarios(facts: ScenarioFacts): readonly Scenario[] {
  const pod = (name: string, refresh?: string) =>
    apply(podOf({ name, facts, annotations: { secrets: 'plain', ...(refresh && { refresh }) } }))
  const hasFile = (name: string) => file(name, 'plain', facts.values.plain)
  const network = (by: 'public-access' | 'firewall', isOpen: boolean) =>
    change({ kind: 'network', by, isOpen })
  /** A pod that starts before the change has arrived gets its file, so a running one is watched first. */
  const shut = (by: 'public-access' | 'firewall', name: string, seen: Seen) => [
    pod(`${name}-running`, '30s'),
    hasFile(`${name}-running`),
    network(by, false),
    code(`${name}-running`, seen),
    pod(name),
    code(name, seen),
    network(by, true),
    hasFile(name),
  ]
  return [
    {
      id: 'firewall',
      takesVault: 'meanwhile',
      sentence: 'a vault’s firewall keeps a pod from starting until it lets the pod in',
      waitsMs,
      steps: shut('firewall', 'firewall', 'AKV_FIREWALL'),
    },
    {
      id: 'public-access-off',
      takesVault: 'meanwhile',
      sentence: 'a vault without public network access keeps a pod from starting until it has it',
      waitsMs,
      steps: shut('public-access', 'public-access-off', 'AKV_PUBLIC_ACCESS_DISABLED'),
    },
    {
      id: 'vault-deleted',
      takesVault: 'for-good',
      sentence: 'a running pod keeps its file after the vault was deleted, and the agent says so',
      waitsMs,
      steps: [
        pod('vault-deleted', '30s'),
        hasFile('vault-deleted'),
        change({ kind: 'delete-vault' }),
        code('vault-deleted', 'AKV_NETWORK'),
        hasFile('vault-deleted'),
      ],
    },
  ]
}

import { type Facts, namespaceName } from '../plan/facts.ts'
import type { VaultChange } from '../plan/proof-azure.ts'
import type { KubeObject } from '../plan/resource.ts'
import type { ProofCall } from '../tools/tools.ts'
import type { Look } from './looks/look.ts'
import { appName } from './looks/look-once.ts'
import type { Seen } from './looks/seen.ts'
import type { ScenarioStep } from './scenario.ts'

interface PodOptions {
  readonly name: string
  readonly facts: Pick<Facts, 'image' | 'vaultName'>
  readonly account?: string
  /** Without the prefix. */
  readonly annotations: Readonly<Record<string, string>>
}

/** A pod that passes Pod Security `restricted`, and whose vault is the run's unless it says otherwise. */
export const podOf = ({
  name,
  facts: { image, vaultName },
  account = 'reader',
  annotations,
}: PodOptions): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: namespaceName,
    labels: { 'azure.workload.identity/use': 'true', scenario: name },
    annotations: Object.fromEntries(
      Object.entries({ vault: vaultName, ...annotations }).map(([key, value]) => [
        `akv-injector.io/${key}`,
        value,
      ]),
    ),
  },
  spec: {
    serviceAccountName: account,
    terminationGracePeriodSeconds: 0,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65534,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: appName,
        image,
        command: ['sleep', '3600'],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
})

export const apply = (...objects: readonly KubeObject[]): ScenarioStep => ({
  kind: 'apply',
  objects,
  expected: 'applied',
})

export const look = (look: Look, expected: Seen): ScenarioStep => ({ kind: 'look', look, expected })

/** A text file of a pod that has exactly this content. */
export const file = (pod: string, path: string, equals: string): ScenarioStep =>
  look({ at: 'file', pod, path, wanted: { equals } }, 'delivered')

export const code = (pod: string, expected: Seen): ScenarioStep =>
  look({ at: 'agent-code', pod }, expected)

export const exit = (expected: 'exit-0' | 'exit-1', ...args: readonly string[]): ScenarioStep =>
  look({ at: 'exit', call: { tool: 'akv-injector', args } }, expected)

export const change = (change: VaultChange): ScenarioStep => ({
  kind: 'change',
  change,
  restores: change.kind === 'network' && change.isOpen,
})

export const call = (call: ProofCall): ScenarioStep => ({ kind: 'call', call })

/** A call that is made even if the scenario has failed. */
export const restore = (call: ProofCall): ScenarioStep => ({ kind: 'call', call, restores: true })

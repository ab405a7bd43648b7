import type { ControlRequest } from '../tools/tools.ts'
import { apply, call, change, code, file, podOf } from './parts.ts'
import type { Scenario, ScenarioFacts } from './scenario.ts'

/** How pods follow the vault, and which version they get. */
export function changeScenarios(facts: ScenarioFacts): readonly Scenario[] {
  const { values, versions, vaultName } = facts
  const pod = (name: string, annotations: Readonly<Record<string, string>>) =>
    apply(podOf({ name, facts, annotations }))
  const refresh = '30s'
  return [
    {
      id: 'rotation',
      sentence: 'a new version reaches a running pod',
      steps: [
        pod('rotation', { secrets: 'rotated', refresh }),
        file('rotation', 'rotated', values.first),
        change({ kind: 'new-version', name: 'rotated', value: values.second }),
        file('rotation', 'rotated', values.second),
      ],
    },
    {
      id: 'pinned',
      sentence: 'a pinned version is delivered although a newer one exists',
      steps: [
        pod('pinned', { secrets: `old=versions@${versions.old}, new=versions` }),
        file('pinned', 'old', values.old),
        file('pinned', 'new', values.new),
      ],
    },
    {
      id: 'expired',
      sentence: 'an expired secret is delivered, as Key Vault does',
      steps: [pod('expired', { secrets: 'expired' }), file('expired', 'expired', values.plain)],
    },
    {
      id: 'disabled',
      sentence: 'a disabled secret keeps a pod from starting until it is enabled',
      steps: [
        pod('disabled', { secrets: 'disabled' }),
        code('disabled', 'AKV_OBJECT_DISABLED'),
        change({ kind: 'enable', name: 'disabled' }),
        file('disabled', 'disabled', values.plain),
      ],
    },
    {
      id: 'throttled',
      sentence:
        'a pod that starts while the vault throttles waits as long as it says, and gets its file',
      requires: 'emulated-azure',
      steps: [
        call(throttle(vaultName)),
        pod('throttled', { secrets: 'plain' }),
        code('throttled', 'AKV_THROTTLED'),
        file('throttled', 'plain', values.plain),
      ],
    },
    {
      id: 'deleted',
      sentence: 'a running pod keeps its file after the secret was deleted, and the agent says so',
      steps: [
        pod('deleted', { secrets: 'deleted', refresh }),
        file('deleted', 'deleted', values.plain),
        change({ kind: 'delete', name: 'deleted' }),
        code('deleted', 'AKV_OBJECT_NOT_FOUND'),
        file('deleted', 'deleted', values.plain),
      ],
    },
  ]
}

/** Longer than a look takes. */
const throttle = (vault: string): ControlRequest => ({
  path: '/faults',
  body: {
    match: { service: 'vault', vault },
    count: 2,
    forMs: 60_000,
    action: { kind: 'throttle', retryAfterSeconds: 5 },
  },
})

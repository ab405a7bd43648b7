import { recordAnnotation, restartedAtAnnotation } from '../../requests/rollouts/rollout-names.ts'
import { namespaceName } from '../plan/facts.ts'
import { syncRoles } from '../plan/namespace-resource.ts'
import type { KubeObject } from '../plan/resource.ts'
import { apply, change, file, look, podOf } from './parts.ts'
import type { Scenario, ScenarioFacts } from './scenario.ts'

const name = 'rolled'
const object = 'rotated'
const account = 'reader'

/**
 * A roll-out after a rotation. The controller finds a new Role within minutes, reads versions every five minutes, and waits for what
 * changes together (docs/sync.md, "Roll-outs").
 */
export const rolloutScenario = (facts: ScenarioFacts): Scenario => ({
  id: 'roll-outs',
  sentence: 'a workload is rolled out after a new version, and its new pod has that',
  requires: 'roll-outs',
  waitsMs: 30 * 60_000,
  steps: [
    change({ kind: 'new-version', name: object, value: facts.values.first }),
    apply(...syncRoles(facts, [account]), deploymentOf(facts)),
    file(`deployment/${name}`, object, facts.values.first),
    // A version counts only if it comes after the controller has seen one.
    look(
      {
        ...{ at: 'annotation', object: `serviceaccount/${account}`, within: ['metadata'] },
        ...{ key: recordAnnotation, text: `${facts.vaultName}:${object}` },
      },
      'present',
    ),
    change({ kind: 'new-version', name: object, value: facts.values.rolled }),
    look(
      {
        ...{ at: 'annotation', object: `deployment/${name}`, key: restartedAtAnnotation, text: '' },
        within: ['spec', 'template', 'metadata'],
      },
      'present',
    ),
    file(`deployment/${name}`, object, facts.values.rolled),
  ],
})

function deploymentOf(facts: ScenarioFacts): KubeObject {
  const annotations = { secrets: object, 'on-change': 'rollout' }
  const { metadata, spec } = podOf({ name, facts, account, annotations })
  const { labels, annotations: prefixed } = metadata
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: namespaceName },
    spec: {
      replicas: 1,
      selector: { matchLabels: { scenario: name } },
      template: { metadata: { labels, annotations: prefixed }, spec },
    },
  }
}

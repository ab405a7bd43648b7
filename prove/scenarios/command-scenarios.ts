import { namespaceName } from '../plan/facts.ts'
import { apply, exit, file, podOf } from './parts.ts'
import type { Scenario, ScenarioFacts } from './scenario.ts'

/** What our own commands say about pods of this run. */
export function commandScenarios(facts: ScenarioFacts): readonly Scenario[] {
  const { values, versions, vaultName, installNamespace } = facts
  const here = ['--namespace', namespaceName, '--install-namespace', installNamespace]
  const pod = (name: string, reference: string) =>
    apply(podOf({ name, facts, annotations: { secrets: `one=${reference}`, refresh: '30s' } }))
  // Both gates ask about the same version.
  const gate = ['who', `${vaultName}:versions`, '--version', versions.old ?? '', '--gate', ...here]
  return [
    {
      id: 'doctor',
      sentence: 'doctor finds nothing wrong with a pod that has its file',
      steps: [
        pod('doctor', 'plain'),
        file('doctor', 'one', values.plain),
        exit('exit-0', 'doctor', 'pod', 'doctor', ...here),
      ],
    },
    {
      id: 'status',
      sentence: 'status shows no failure for a pod that has its file',
      steps: [
        pod('status', 'plain'),
        file('status', 'one', values.plain),
        exit('exit-0', 'status', '--selector', 'scenario=status', ...here),
      ],
    },
    {
      id: 'who-gate-open',
      sentence: 'the gate of who opens for a version that nobody holds',
      steps: [
        pod('who-open', 'versions'),
        file('who-open', 'one', values.new),
        exit('exit-0', ...gate),
      ],
    },
    {
      id: 'who-gate-shut',
      sentence: 'the gate of who stays shut for a version that a pod holds',
      steps: [
        pod('who-shut', `versions@${versions.old}`),
        file('who-shut', 'one', values.old),
        exit('exit-1', ...gate),
      ],
    },
  ]
}

import {
  reinstallCall,
  scaleCall,
  switchOffCall,
  testCall,
  uninstallCall,
  upgradeCall,
} from '../install/own-install.ts'
import type { KubeObject } from '../plan/resource.ts'
import { apply, call, file, look, podOf, restore } from './parts.ts'
import type { Scenario, ScenarioFacts } from './scenario.ts'

/** A change of the install reaches the API server within a minute or two. */
const waitsMs = 5 * 60_000

/** What is tried of an install that the run has made: nobody else depends on it. */
export function installScenarios(facts: ScenarioFacts): readonly Scenario[] {
  const { install = { chart: '', values: [] } } = facts
  const { chart } = install
  const annotated = (name: string) =>
    podOf({ name, facts, annotations: { secrets: 'plain', refresh: '30s' } })
  const hasFile = (pod: string) => file(pod, 'plain', facts.values.plain)
  const gets = (pod: string) => [apply(annotated(pod)), hasFile(pod)]
  const admits = look({ at: 'admission', pod: annotated('admitted') }, 'injected')
  return [
    {
      id: 'installed',
      sentence: 'annotated pods get an agent after the install, and helm test passes',
      waitsMs,
      steps: [admits, look({ at: 'exit', call: testCall }, 'exit-0')],
    },
    {
      id: 'webhook-down',
      sentence:
        'while no replica of the webhook runs, annotated pods are refused, others are not, and a running pod keeps its file',
      waitsMs,
      steps: [
        ...gets('down-running'),
        call(scaleCall('none')),
        look({ at: 'admission', pod: annotated('down') }, 'unanswered'),
        look({ at: 'admission', pod: withoutAnnotations(annotated('down')) }, 'not-injected'),
        hasFile('down-running'),
        restore(scaleCall('all')),
        admits,
      ],
    },
    {
      id: 'webhook-off',
      sentence:
        'without the webhook configuration, annotated pods start without an agent; an upgrade brings it back',
      waitsMs,
      steps: [
        ...gets('off-running'),
        call(switchOffCall),
        look({ at: 'admission', pod: annotated('off') }, 'not-injected'),
        apply(annotated('off')),
        look({ at: 'app', pod: 'off' }, 'started'),
        look({ at: 'injection', pod: 'off' }, 'not-injected'),
        hasFile('off-running'),
        restore(upgradeCall(chart)),
        admits,
        ...gets('off-no-more'),
      ],
    },
    {
      id: 'uninstalled',
      sentence:
        'after an uninstall, only CRDs are left, a running pod keeps its file, new ones start without an agent, and the chart can be installed again',
      waitsMs,
      steps: [
        ...gets('uninstalled-running'),
        ...[switchOffCall, uninstallCall].map(call),
        look({ at: 'leftovers' }, 'absent'),
        apply(annotated('uninstalled')),
        look({ at: 'app', pod: 'uninstalled' }, 'started'),
        look({ at: 'injection', pod: 'uninstalled' }, 'not-injected'),
        hasFile('uninstalled-running'),
        restore(reinstallCall(install)),
        admits,
        ...gets('installed-again'),
      ],
    },
  ]
}

const withoutAnnotations = ({ metadata, ...pod }: KubeObject): KubeObject => ({
  ...pod,
  metadata: { ...metadata, annotations: {} },
})

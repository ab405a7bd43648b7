import {
  installCall,
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

/** Not the default of the chart. */
const agentCpu = '11m'

/** Scenarios that change the install. The run has made it, so nobody else depends on it. */
export function installScenarios(facts: ScenarioFacts): readonly Scenario[] {
  const parts = partsFor(facts)
  return [installed, down, off, changed, upgraded, uninstalled].map((make) => make(parts))
}

type Parts = ReturnType<typeof partsFor>

function partsFor(facts: ScenarioFacts) {
  const annotated = (name: string) =>
    podOf({ name, facts, annotations: { secrets: 'plain', refresh: '30s' } })
  const hasFile = (pod: string) => file(pod, 'plain', facts.values.plain)
  return {
    install: facts.install ?? { chart: '', values: [], rollsOut: false },
    annotated,
    hasFile,
    /** A new pod gets its file. */
    gets: (pod: string) => [apply(annotated(pod)), hasFile(pod)],
    admits: () => look({ at: 'admission', pod: annotated('admitted') }, 'injected'),
    passesTest: () => look({ at: 'exit', call: testCall }, 'exit-0'),
    /** A new pod starts without an agent. */
    startsBare: (pod: string) => [
      apply(annotated(pod)),
      look({ at: 'app', pod }, 'started'),
      look({ at: 'injection', pod }, 'not-injected'),
    ],
  }
}

const installed = ({ admits, passesTest }: Parts): Scenario => ({
  id: 'installed',
  sentence: 'annotated pods get an agent after the install, and helm test passes',
  waitsMs,
  steps: [admits(), passesTest()],
})

const down = ({ annotated, hasFile, gets, admits }: Parts): Scenario => ({
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
    admits(),
  ],
})

const off = ({ install, annotated, hasFile, gets, admits, startsBare }: Parts): Scenario => ({
  id: 'webhook-off',
  sentence:
    'without the webhook configuration, annotated pods start without an agent; an upgrade brings it back',
  waitsMs,
  steps: [
    ...gets('off-running'),
    call(switchOffCall),
    look({ at: 'admission', pod: annotated('off') }, 'not-injected'),
    ...startsBare('off'),
    hasFile('off-running'),
    restore(upgradeCall(install.chart)),
    admits(),
    ...gets('off-no-more'),
  ],
})

const changed = ({ install, annotated, hasFile, gets, passesTest }: Parts): Scenario => ({
  id: 'values-changed',
  sentence: 'an upgrade with another value reaches new pods, and a running pod keeps its file',
  waitsMs,
  steps: [
    ...gets('changed-running'),
    call(upgradeCall(install.chart, `--set=agent.requests.cpu=${agentCpu}`)),
    look({ at: 'admission', pod: annotated('changed'), agentCpu }, 'injected'),
    passesTest(),
    hasFile('changed-running'),
    ...gets('changed'),
  ],
})

const upgraded = ({ install, hasFile, gets, admits, passesTest }: Parts): Scenario => ({
  id: 'upgraded',
  sentence:
    'an upgrade from an earlier chart passes helm test, new pods get their files, and a running pod keeps its file',
  waitsMs,
  steps: [
    ...[switchOffCall, uninstallCall].map(call),
    call(installCall({ ...install, chart: install.upgradeFrom ?? '' })),
    admits(),
    ...gets('upgraded-running'),
    call(upgradeCall(install.chart)),
    admits(),
    passesTest(),
    hasFile('upgraded-running'),
    ...gets('upgraded'),
  ],
})

const uninstalled = ({ install, hasFile, gets, admits, startsBare }: Parts): Scenario => ({
  id: 'uninstalled',
  sentence:
    'after an uninstall, only CRDs are left, a running pod keeps its file, new ones start without an agent, and the chart can be installed again',
  waitsMs,
  steps: [
    ...gets('uninstalled-running'),
    ...[switchOffCall, uninstallCall].map(call),
    look({ at: 'leftovers' }, 'absent'),
    ...startsBare('uninstalled'),
    hasFile('uninstalled-running'),
    restore(reinstallCall(install)),
    admits(),
    ...gets('installed-again'),
  ],
})

const withoutAnnotations = ({ metadata, ...pod }: KubeObject): KubeObject => ({
  ...pod,
  metadata: { ...metadata, annotations: {} },
})

import { changeScenarios } from './change-scenarios.ts'
import { commandScenarios } from './command-scenarios.ts'
import { deliveryScenarios } from './delivery-scenarios.ts'
import { installScenarios } from './install-scenarios.ts'
import { networkScenarios } from './network-scenarios.ts'
import { refusalScenarios } from './refusal-scenarios.ts'
import { rolloutScenario } from './rollout-scenario.ts'
import { type Scenario, type ScenarioFacts, scenarioIds } from './scenario.ts'
import { syncScenarios } from './sync-scenarios.ts'

/** All scenarios, in the order of their IDs. */
export function allScenarios(facts: ScenarioFacts): readonly Scenario[] {
  const all = [
    deliveryScenarios,
    changeScenarios,
    refusalScenarios,
    syncScenarios,
    commandScenarios,
    networkScenarios,
    installScenarios,
    (facts: ScenarioFacts) => [rolloutScenario(facts)],
  ].flatMap((make) => make(facts))
  const placeOf = ({ id }: Scenario) => scenarioIds.indexOf(id)
  return all.toSorted((a, b) => placeOf(a) - placeOf(b))
}

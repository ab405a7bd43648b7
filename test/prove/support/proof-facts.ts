import { emulatedAzure } from '../../../prove/plan/emulated-plan.ts'
import { newValues } from '../../../prove/plan/facts.ts'
import type { ScenarioFacts } from '../../../prove/scenarios/scenario.ts'

export const proofFacts: ScenarioFacts = {
  image: 'busybox:1.37',
  installNamespace: 'akv-injector',
  install: { chart: 'chart', values: [], upgradeFrom: 'earlier', rollsOut: true },
  vaultName: emulatedAzure.vaultName,
  values: newValues(),
  ...emulatedAzure.known,
}

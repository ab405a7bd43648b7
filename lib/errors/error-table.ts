import { agentErrors } from './agent-errors.ts'
import { type ErrorFacts, permanent } from './error-facts.ts'
import { keyvaultErrors } from './keyvault-errors.ts'
import { syncErrors } from './sync-errors.ts'

/** Every failure that has a stable code. `docs/errors.md` is generated from this table. */
export const errorTable = {
  ...agentErrors,
  ...keyvaultErrors,
  ...syncErrors,
  AKV_INTERNAL: {
    ...permanent,
    means: 'A bug in akv-injector.',
    remedy: 'Report it, with the log line.',
  },
} as const satisfies Record<string, ErrorFacts>

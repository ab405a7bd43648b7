import type { AgentConfig } from '../../delivery/contract.ts'
import { type RefreshState, startState } from '../../delivery/projection/refresh-content.ts'
import type { FoundByFind } from '../../keyvault/finds/find-result.ts'
import { configWithFound } from './config-with-found.ts'

/** What the finds of a pod have found. */
export interface HeldFinds {
  readonly found: FoundByFind
  /** The configuration with it. */
  readonly config: AgentConfig
}

/** The state that one refresh of an agent passes to the next. */
export interface HeldState extends RefreshState {
  /** Absent if the pod has no finds. */
  readonly finds?: HeldFinds | undefined
}

/** Absent if the pod has no finds. */
export const holdFinds = (config: AgentConfig, found: FoundByFind): HeldFinds | undefined =>
  config.finds && { found, config: configWithFound(config, found) }

/** As `startState`, with what the finds have found. */
export const startHolding = (
  config: AgentConfig,
  { finds, ...start }: Parameters<typeof startState>[1] & Pick<HeldState, 'finds'>,
): HeldState => ({ ...startState(finds?.config ?? config, start), ...(finds && { finds }) })

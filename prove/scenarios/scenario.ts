import type { Facts } from '../plan/facts.ts'
import type { Made } from '../plan/made.ts'
import type { VaultChange } from '../plan/proof-azure.ts'
import type { KubeObject } from '../plan/resource.ts'
import type { ProofCall } from '../tools/tools.ts'
import type { Look } from './looks/look.ts'
import type { Seen } from './looks/seen.ts'

/** What an install may have or not. A scenario whose requirement isn't met is skipped. */
const requirements = [
  'real-azure',
  'emulated-azure',
  'variables',
  'fast-start',
  'identity-binding',
  'secret-sync',
  'classes',
  'external-secrets',
  'roll-outs',
] as const
export type Requirement = (typeof requirements)[number]

export type ScenarioStep =
  /** `expected` is `applied`, or `refused` if the API server has to refuse the objects. */
  | {
      readonly kind: 'apply'
      readonly objects: readonly KubeObject[]
      readonly expected: 'applied' | 'refused'
    }
  /** Changes the vault. If a scenario fails, its steps with `restores` still run, because later scenarios need the vault. */
  | { readonly kind: 'change'; readonly change: VaultChange; readonly restores?: boolean }
  /** Makes the emulator fail, or changes the install. `restores` means the same. */
  | { readonly kind: 'call'; readonly call: ProofCall; readonly restores?: true }
  /** Looks until it sees what is expected, or the time is up. */
  | { readonly kind: 'look'; readonly look: Look; readonly expected: Seen }

/** What scenarios are made of: what the run has chosen, and what Azure has. */
export type ScenarioFacts = Facts & Made

/** One thing that is tried, as data. */
export interface Scenario {
  readonly id: ScenarioId
  /** What has to be true, for people. */
  readonly sentence: string
  readonly requires?: Requirement
  /** How long each of its looks waits at least. */
  readonly waitsMs?: number
  /** Nothing can be read from the vault meanwhile, or never again, so it comes last. --keep leaves out what takes it for good. */
  readonly takesVault?: 'meanwhile' | 'for-good'
  readonly steps: readonly ScenarioStep[]
}

export const scenarioIds = [
  'installed',
  'grants',
  'init',
  'types',
  'properties',
  'variables',
  'sidecar',
  'fast-start',
  'rotation',
  'pinned',
  'disabled',
  'expired',
  'wrong-role',
  'wrong-tenant',
  'missing-credential',
  'identity-binding',
  'mistake-denied',
  'opt-out',
  'secret-sync',
  'class-secret',
  'external-secret',
  'doctor',
  'status',
  'who-gate-open',
  'who-gate-shut',
  'throttled',
  'deleted',
  'roll-outs',
  'webhook-down',
  'webhook-off',
  'values-changed',
  'upgraded',
  'uninstalled',
  'firewall',
  'public-access-off',
  'vault-deleted',
] as const
export type ScenarioId = (typeof scenarioIds)[number]

/** These change the install, so they run only if the run has made it. */
export const installScenarioIds: readonly ScenarioId[] = [
  'installed',
  'webhook-down',
  'webhook-off',
  'values-changed',
  'upgraded',
  'uninstalled',
]

/** The others are skipped if one of these fails, because they would fail for the same reason. */
export const gateIds: readonly ScenarioId[] = ['installed', 'grants']

/** These cost more, so they run only if somebody asks for them. */
export const onRequestIds: readonly ScenarioId[] = ['throttled', 'firewall', 'roll-outs']

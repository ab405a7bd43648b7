import { readFileSync } from 'node:fs'
import type { TokenProxySettings } from '../lib/identity-binding/token-proxy.ts'
import type { LogLevel } from '../lib/log/log-level.ts'
import { printable } from '../lib/printable.ts'
import { allInvalid, type Checked, valid } from '../lib/problems/parsed.ts'
import { describeProblem } from '../lib/problems/problem.ts'
import {
  type ListenAddress,
  parseListenAddress,
  wrongAddress,
} from '../lib/server/listen-address.ts'
import type { Policy } from '../requests/administrator/policy.ts'
import { readRollouts } from '../requests/administrator/settings/read-rollouts.ts'
import { readSettings } from '../requests/administrator/settings/read-settings.ts'
import { settingReader } from '../requests/administrator/settings/setting-reader.ts'
import { type WatchMode, watchModes } from '../requests/administrator/watch-mode.ts'
import type { RolloutSettings } from '../requests/rollouts/rollout-settings.ts'
import type { SourceKind } from '../requests/secret/source-ref.ts'

/** The flags of `akv-injector sync`, unparsed. */
export interface SyncFlags {
  readonly watch: string
  readonly classes?: boolean
  readonly externalSecrets?: boolean
  readonly rollouts?: boolean
  readonly healthListen: string
}

export interface SyncSettings {
  readonly watch: WatchMode
  /** The kinds of objects to read, besides accounts. The chart grants permissions for them. */
  readonly kinds: readonly SourceKind[]
  /** Absent: workloads aren't rolled out. */
  readonly rollouts?: RolloutSettings
  readonly healthListen: ListenAddress
  readonly policy: Policy
  /** Where to look for the token proxy of identity bindings. Absent: they are turned off. */
  readonly tokenProxy?: TokenProxySettings
  readonly logLevel: LogLevel
}

/** Checks the flags and the `AKV_INJECTOR_*` variables, and reports all problems at once. */
export function readSyncSettings(
  flags: SyncFlags,
  env: Readonly<NodeJS.ProcessEnv>,
): Checked<SyncSettings> {
  const watch = watchModes.find((mode) => mode === flags.watch)
  const healthListen = parseListenAddress(flags.healthListen)
  // The controller injects no pods, so it needs no image for the agent.
  const read = readSettings({
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    agentImage: 'akv-injector',
  })
  const reader = settingReader(env)
  const rollouts = flags.rollouts === true ? readRollouts(reader) : undefined
  const problems = [
    ...(watch ? [] : [wrongWatch(flags.watch)]),
    ...(healthListen ? [] : [wrongAddress('--health-listen', flags.healthListen)]),
    ...(read.kind === 'invalid' ? read.problems.map(describeProblem) : []),
    ...reader.problems.map(describeProblem),
  ]
  if (read.kind === 'invalid' || problems.length > 0 || !healthListen || !watch)
    return allInvalid(problems)
  const { policy, logLevel, tokenProxy } = read.value
  const kinds: readonly SourceKind[] = [
    ...(flags.classes ? (['SecretProviderClass'] as const) : []),
    ...(flags.externalSecrets ? (['ExternalSecret'] as const) : []),
  ]
  return valid({
    watch,
    kinds,
    ...(rollouts && { rollouts }),
    healthListen,
    policy,
    ...(tokenProxy && { tokenProxy }),
    logLevel,
  })
}

const wrongWatch = (found: string): string =>
  `--watch "${printable(found)}": expected ${watchModes.join(' or ')}`

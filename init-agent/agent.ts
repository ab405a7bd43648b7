import { once } from 'node:events'
import { join } from 'node:path'
import { type Clock, systemClock } from '../lib/clock.ts'
import type { Log } from '../lib/log/log.ts'
import type { AgentContext } from './agent-context.ts'
import { checkTargets } from './check-targets.ts'
import { type AgentConfig, identityFolder, tokenFileName } from './contract.ts'
import { endHangingFetch } from './fetch/end-hanging-fetch.ts'
import { firstFetch } from './fetch/first-fetch.ts'
import { keepFresh, refreshOnce } from './fetch/refresh.ts'
import { isComplete } from './projection/compare-content.ts'
import { firstFetchDeadline } from './projection/deadline.ts'
import { type RefreshState, startState } from './projection/refresh-content.ts'
import { openSession } from './session/session.ts'
import { openVolumes } from './volume/volumes.ts'

export interface AgentOptions {
  readonly config: AgentConfig
  /** The folder that contains the mounts: `/akv` in a pod. */
  readonly root: string
  /** Where the identity and the proxy are read from. */
  readonly env: Readonly<NodeJS.ProcessEnv>
  readonly log: Log
  /** Stops a sidecar, and ends any waiting. */
  readonly signal: AbortSignal
  readonly clock?: Clock
  /** Called once, as soon as the pod has everything that it needs. */
  readonly onReady?: () => void
}

/**
 * The agent's life, from annotation to file:
 * 1. Uses a complete set of files that a previous run left, if there is one: a container or node restart must not wait
 *    for the vault.
 * 2. Otherwise fetches everything and writes it, or throws.
 * 3. With a refresh interval: refreshes until `signal` aborts. Without: refreshes a set from a previous run once.
 *
 * @throws AkvError if the pod can't be given what it needs
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { onReady, ...given } = options
  const context = openContext(given)
  const { config, log, volumes } = context

  const previous = startFromPreviousRun(context)
  if (previous) log.info('using the complete set left by a previous run')
  const state = previous ?? (await startFromVault(context))
  onReady?.()

  const isReused = previous !== undefined
  if (config.refreshSeconds > 0) return keepFresh(context, { state, isDue: isReused })
  if (isReused) await refreshBriefly(context, state)
  volumes.sweep()
}

function openContext(options: Omit<AgentOptions, 'onReady'>): AgentContext {
  const { config, root, env, log, signal, clock = systemClock } = options
  checkTargets(config)
  const credential = { tokenFile: join(root, identityFolder, tokenFileName) }
  const session = openSession({ config, credential, env, clock })
  return { config, session, volumes: openVolumes(root, config), clock, log, signal }
}

function startFromPreviousRun({ config, volumes }: AgentContext): RefreshState | undefined {
  const found = volumes.read()
  if (found === undefined || !isComplete(config, found.content)) return undefined
  return startState(config, { content: found.content, goodAtMs: found.writtenAtMs })
}

async function startFromVault(context: AgentContext): Promise<RefreshState> {
  const { config, clock } = context
  const deadline = firstFetchDeadline(config, clock.now())
  const fetched = await endHangingFetch(firstFetch(context, deadline), { clock, deadline })
  return startState(config, { ...fetched, goodAtMs: clock.now() })
}

/** The pod has all it needs already, and its other containers wait for this one to end. */
const briefRefreshMs = 5_000

async function refreshBriefly(context: AgentContext, state: RefreshState): Promise<void> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(briefRefreshMs)])
  const refreshed = refreshOnce({ ...context, signal }, state)
  await Promise.race([refreshed, signal.aborted ? undefined : once(signal, 'abort')])
  if (signal.aborted)
    context.log.warn('the vault or Entra takes too long to answer; the pod keeps its current files')
}

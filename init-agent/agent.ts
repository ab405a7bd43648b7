import { once } from 'node:events'
import { join } from 'node:path'
import { type Clock, systemClock } from '../lib/clock.ts'
import type { Log } from '../lib/log/log.ts'
import type { AgentContext } from './agent-context.ts'
import { checkTargets } from './check-targets.ts'
import {
  type AgentConfig,
  identityFolder,
  servesBetweenRefreshes,
  tokenFileName,
} from './contract.ts'
import { endHangingFetch } from './fetch/end-hanging-fetch.ts'
import { firstFetch } from './fetch/first-fetch.ts'
import { keepFresh, refreshOnce } from './fetch/refresh.ts'
import { type AgentFigures, startFigures } from './metrics/agent-figures.ts'
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
  const { state, figures } = previous ?? (await startFromVault(context))
  onReady?.()

  const isReused = previous !== undefined
  if (config.refreshSeconds > 0) {
    const onRefresh = await watchRefreshes(context, figures)
    return keepFresh(context, { state, isDue: isReused, ...(onRefresh && { onRefresh }) })
  }
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

interface Start {
  readonly state: RefreshState
  readonly figures: AgentFigures
}

function startFromPreviousRun(context: AgentContext): Start | undefined {
  const { config, volumes, clock } = context
  const found = volumes.read()
  if (found === undefined || !isComplete(config, found.content)) return undefined
  const { content, writtenAtMs } = found
  const nowMs = clock.now()
  const goodAtMs = Math.min(volumes.freshness.read()?.freshAtMs ?? writtenAtMs, nowMs)
  return {
    state: startState(config, { content, goodAtMs }),
    figures: startFigures({ nowMs, goodAtMs }),
  }
}

async function startFromVault(context: AgentContext): Promise<Start> {
  const { config, clock } = context
  const deadline = firstFetchDeadline(config, clock.now())
  const fetched = await endHangingFetch(firstFetch(context, deadline), { clock, deadline })
  const nowMs = clock.now()
  const { outcomes } = fetched
  return {
    state: startState(config, { ...fetched, goodAtMs: nowMs }),
    figures: startFigures({ nowMs, goodAtMs: nowMs, outcomes }),
  }
}

/** Loaded only if the pod asks for it, because it takes memory. */
async function watchRefreshes(context: AgentContext, figures: AgentFigures) {
  if (!servesBetweenRefreshes(context.config)) return undefined
  const { followRefreshes } = await import('./metrics/follow-refreshes.ts')
  return await followRefreshes(context, figures)
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

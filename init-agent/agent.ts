import { once } from 'node:events'
import { join } from 'node:path'
import { type Clock, systemClock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { AgentContext } from './agent-context.ts'
import { checkTargets } from './check-targets.ts'
import { type AgentConfig, identityFolder, tokenFileName } from './contract.ts'
import { endHangingFetch } from './end-hanging-fetch.ts'
import { firstFetch } from './first-fetch.ts'
import { isComplete } from './projection/compare-content.ts'
import { firstFetchDeadline } from './projection/deadline.ts'
import { type RefreshState, startState } from './projection/refresh-content.ts'
import { openSession } from './projection/session.ts'
import { keepFresh, refreshOnce } from './refresh.ts'
import { openVolumes } from './volume/volumes.ts'

export interface AgentOptions {
  readonly config: AgentConfig
  /** The folder with the mounts: `/akv` in a pod. */
  readonly root: string
  /** Where the identity and the proxy are read. */
  readonly env: Readonly<NodeJS.ProcessEnv>
  readonly log: Log
  /** Ends a sidecar, and any waiting. */
  readonly signal: AbortSignal
  readonly clock?: Clock
  /** Called once, when the pod has everything that it needs. */
  readonly onReady?: () => void
}

/**
 * Fetches what the configuration names and writes it to the volumes; with a refresh interval, keeps it fresh until
 * `signal` aborts. On a set from before (a container or a node was restarted) the pod is served from that at once.
 *
 * @throws AkvError when the pod can't be given what it needs
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { config, root, env, log, signal, onReady, clock = systemClock } = options
  checkTargets(config)
  const credential = { tokenFile: join(root, identityFolder, tokenFileName) }
  const session = openSession({ config, credential, env, clock })
  const volumes = openVolumes(root, config)
  const context = { config, session, volumes, clock, log, signal }

  const found = volumes.read()
  const isReady = found !== undefined && isComplete(config, found.content)
  if (isReady) log.info('using the complete set left by a previous run')
  const state = isReady
    ? startState(config, { content: found.content, goodAtMs: found.writtenAtMs })
    : startState(config, { ...(await fetchInTime(context)), goodAtMs: clock.now() })
  onReady?.()
  if (config.refreshSeconds > 0) return keepFresh(context, { state, isDue: isReady })
  if (isReady) await refreshBriefly(context, state)
  volumes.sweep()
}

function fetchInTime(context: AgentContext): ReturnType<typeof firstFetch> {
  const { config, clock } = context
  const deadline = firstFetchDeadline(config, clock.now())
  return endHangingFetch(firstFetch(context, deadline), { clock, deadline })
}

/** The pod has all it needs, and its containers wait for this one to end. */
const servedPatienceMs = 5_000

async function refreshBriefly(context: AgentContext, state: RefreshState): Promise<void> {
  const isOver = AbortSignal.any([context.signal, AbortSignal.timeout(servedPatienceMs)])
  const refreshed = refreshOnce({ ...context, signal: isOver }, state)
  const ended = isOver.aborted ? undefined : once(isOver, 'abort')
  await Promise.race([refreshed, ended])
  if (isOver.aborted)
    context.log.warn('the vault or Entra takes too long to answer; the pod keeps its current files')
}

import { once } from 'node:events'
import { join } from 'node:path'
import { type Clock, systemClock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { checkTargets } from './check-targets.ts'
import { type AgentConfig, identityFolder, tokenFileName } from './contract.ts'
import { firstFetchDeadline } from './deadline.ts'
import { endHangingFetch } from './end-hanging-fetch.ts'
import { firstFetch } from './first-fetch.ts'
import { isWhole } from './projection/compare-content.ts'
import { type RefreshState, startState } from './projection/refresh-content.ts'
import { openSession, type Session } from './projection/session.ts'
import { keepFresh, refreshOnce } from './refresh.ts'
import { openVolumes, type Volumes } from './volume/volumes.ts'

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
  readonly onServed?: () => void
}

/** What the steps of an agent share. */
export interface AgentParts {
  readonly config: AgentConfig
  readonly session: Session
  readonly volumes: Volumes
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * Fetches what the configuration names and writes it to the volumes; with a refresh interval, keeps it fresh until
 * `signal` aborts. On a set from before (a container or a node was restarted) the pod is served from that at once.
 *
 * @throws AkvError when the pod can't be given what it needs
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { config, root, env, log, signal, onServed, clock = systemClock } = options
  checkTargets(config)
  const credential = { tokenFile: join(root, identityFolder, tokenFileName) }
  const session = openSession({ config, credential, env, clock })
  const volumes = openVolumes(root, config)
  const parts = { config, session, volumes, clock, log, signal }

  const found = volumes.read()
  const isServed = found !== undefined && isWhole(config, found.content)
  if (isServed) log.info('using the complete set left by a previous run')
  const state = isServed
    ? startState(config, { content: found.content, goodAtMs: found.writtenAtMs })
    : startState(config, { ...(await fetchInTime(parts)), goodAtMs: clock.now() })
  onServed?.()
  if (config.refreshSeconds > 0) return keepFresh(parts, { state, isDue: isServed })
  if (isServed) await refreshBriefly(parts, state)
  volumes.sweep()
}

function fetchInTime(parts: AgentParts): ReturnType<typeof firstFetch> {
  const { config, clock } = parts
  const deadline = firstFetchDeadline(config, clock.now())
  return endHangingFetch(firstFetch(parts, deadline), { clock, deadline })
}

/** The pod has all it needs, and its containers wait for this one to end. */
const servedPatienceMs = 5_000

async function refreshBriefly(parts: AgentParts, state: RefreshState): Promise<void> {
  const isOver = AbortSignal.any([parts.signal, AbortSignal.timeout(servedPatienceMs)])
  const refreshed = refreshOnce({ ...parts, signal: isOver }, state)
  const ended = isOver.aborted ? undefined : once(isOver, 'abort')
  await Promise.race([refreshed, ended])
  if (isOver.aborted)
    parts.log.warn('the vault or Entra takes too long to answer; the pod keeps its current files')
}

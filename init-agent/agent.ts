import { join } from 'node:path'
import {
  type AgentConfig,
  identityFolder,
  servesBetweenRefreshes,
  tokenFileName,
} from '../delivery/contract.ts'
import { isComplete } from '../delivery/projection/compare-content.ts'
import { firstFetchDeadline } from '../delivery/projection/deadline.ts'
import { bindingVariablesIn } from '../delivery/session/identity.ts'
import { openSession } from '../delivery/session/session.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import { takeTime } from '../lib/handed-time.ts'
import { boundedNames } from '../lib/metrics/bounded-names.ts'
import { createVaultLatencies } from '../lib/metrics/vault-latency.ts'
import type { AgentContext } from './context/agent-context.ts'
import { checkTargets } from './fetch/check-targets.ts'
import { endHangingFetch } from './fetch/end-hanging-fetch.ts'
import { firstFetch } from './fetch/first-fetch.ts'
import { firstWaitMs, keepFresh, refreshOnce } from './fetch/refresh.ts'
import { foundBefore } from './find/config-with-found.ts'
import { type HeldState, holdFinds, startHolding } from './find/held-finds.ts'
import { type AgentFigures, startFigures } from './metrics/agent-figures.ts'
import { RefreshRequests } from './on-demand/refresh-requests.ts'
import type { Handover } from './rest/handover.ts'
import type { Program } from './rest/replace-process.ts'
import { createRest, type Rest } from './rest/rest.ts'
import { reportState } from './state/report-state.ts'
import type { StateLog } from './state/state-log.ts'
import { openStartGate } from './volume/start-gate.ts'
import { openVolumes } from './volume/volumes.ts'

interface AgentOptions {
  readonly config: AgentConfig
  /** The folder that contains the mounts: `/akv` in a pod. */
  readonly root: string
  /** Where the identity and the proxy are read from. */
  readonly env: Readonly<NodeJS.ProcessEnv>
  readonly stateLog: StateLog
  /** Stops a sidecar, and ends any waiting. */
  readonly signal: AbortSignal
  readonly clock?: Clock
  /** Called once, as soon as the pod has everything that it needs. */
  readonly onReady?: () => void
  /** How to start this program again. Absent: the agent stays in this process. */
  readonly program?: Program
  /** Set if this process replaces an earlier one of the agent. The agent resumes its work after `afterMs`. */
  readonly resumed?: Partial<Handover> & {
    readonly afterMs: number
    readonly seen?: string
    readonly requestedAfterMs?: number
  }
}

/**
 * The agent's life, from configuration to file:
 * 1. Uses a complete set of files that a previous run left, if there is one: a container or node restart must not wait
 *    for the vault.
 * 2. Otherwise fetches everything and writes it, or throws.
 * 3. With a refresh interval: refreshes until `signal` aborts. Without: refreshes a set from a previous run once.
 *
 * @throws AkvError if the pod can't be given what it needs
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { onReady, resumed } = options
  const context = openContext(options)
  const { config, volumes } = context

  const previous = startFromPreviousRun(context, resumed)
  const { state, figures } = previous ?? (await startFromVault(context))
  if (config.opensGate) openStartGate(options.root)
  onReady?.()

  if (config.refreshSeconds > 0) {
    // A set that was found may be old.
    const afterMs = previous ? (resumed?.afterMs ?? 0) : firstWaitMs(context)
    // A restarted agent keeps its process. If it can't be replaced, Node aborts, and the container would restart endlessly.
    const program = previous && !resumed ? undefined : options.program
    return refreshForLife(context, { state, figures, afterMs, program, isFirst: !previous })
  }
  if (previous) await refreshBriefly(context, state)
  volumes.sweep()
}

async function refreshForLife(
  context: AgentContext,
  options: Start & {
    readonly afterMs: number
    readonly program: Program | undefined
    /** Whether this process has fetched the set. */
    readonly isFirst: boolean
  },
): Promise<void> {
  const { config } = context
  const { state, figures, program, isFirst } = options
  const measured = { ...context, config: state.finds?.config ?? config }
  const rest = openRest(program, { context, figures })
  const onRefresh = servesBetweenRefreshes(config)
    ? await followRefreshes(measured, figures)
    : undefined
  const settledMs = isFirst && program ? await settle(context, options.afterMs) : 0
  const afterMs = options.afterMs - settledMs
  if (onRefresh === undefined) return keepFresh(context, { state, afterMs, rest })
  // Only before the first refresh: later, the figures would have to be handed over, too.
  await rest(state, { waitMs: afterMs, untilRefreshMs: afterMs })
  return keepFresh(context, { state, afterMs, onRefresh })
}

/** The least and the longest time that an agent stays in its first process. */
const settlingMs = [5_000, 35_000] as const

/**
 * Waits before the process is replaced. The app starts right after its files are written, and shouldn't have to share the CPU with
 * another start. If it also ends right after that, the kubelet sends SIGTERM, which a starting process can lose
 * (replace-process.ts). The time is random, so that the agents of a node don't all start again at once.
 *
 * @returns how long it has waited
 */
async function settle({ clock, signal }: AgentContext, longestMs: number): Promise<number> {
  const [leastMs, mostMs] = settlingMs
  const ms = Math.min(longestMs, leastMs + (mostMs - leastMs) * clock.random())
  await clock.sleep(ms, signal)
  return ms
}

function openContext(options: AgentOptions): AgentContext {
  const { config, root, env, stateLog, signal, clock = systemClock, resumed } = options
  const { log } = stateLog
  checkTargets(config)
  const variables = config.tokenProxy ? [] : bindingVariablesIn(env)
  if (variables.length > 0)
    log.info('variables of identity bindings are ignored, because the pod asks for none', {
      variables,
    })
  const credential = { tokenFile: join(root, identityFolder, tokenFileName) }
  const latencies = latenciesOf(config, resumed)
  const session = openSession({
    config,
    credential,
    env,
    clock,
    heldToken: resumed?.token,
    onRequest: latencies?.record,
    program: 'agent',
  })
  const volumes = openVolumes(root, config)
  const requests = new RefreshRequests({ root, clock, log, resumed })
  const stateReport = reportState({ config, volumes, clock, stateLog, seen: requests.seen })
  return { config, session, latencies, volumes, clock, log, requests, stateReport, signal }
}

/** A pod may use any number of vaults. Each takes up to 24 of the series that the dates of objects need, too. */
const maxMeasuredVaults = 2

const latenciesOf = ({ metricsPort }: AgentConfig, { latencies }: Partial<Handover> = {}) =>
  metricsPort === undefined
    ? undefined
    : createVaultLatencies(boundedNames(maxMeasuredVaults), latencies)

interface Start {
  readonly state: HeldState
  readonly figures: AgentFigures
}

function startFromPreviousRun(
  { config, volumes, clock, log, stateReport }: AgentContext,
  resumed: AgentOptions['resumed'],
): Start | undefined {
  const found = volumes.read()
  if (found === undefined || !isComplete(config, found.content)) return undefined
  const { content, writtenAtMs } = found
  const finds = holdFinds(config, foundBefore(config, content))
  if (resumed) stateReport.resume()
  else {
    log.info('using the complete set left by a previous run')
    stateReport.restart(finds?.config ?? config)
  }
  const handover: Partial<Handover> = resumed ?? {}
  const { dates } = handover
  const goodAt = handover.goodAt ?? volumes.freshness.read()?.freshAt ?? { wallMs: writtenAtMs }
  const goodAtMs = takeTime(goodAt, clock)
  return {
    state: startHolding(config, { content, goodAtMs, finds }),
    figures: startFigures({ nowMs: clock.now(), goodAtMs, ...(dates && { dates }) }),
  }
}

async function startFromVault(context: AgentContext): Promise<Start> {
  const { config, clock } = context
  const deadline = firstFetchDeadline(config, clock.now())
  const ended = new AbortController()
  const served = serveWhileStarting(context, ended.signal)
  const fetched = await endHangingFetch(firstFetch(context, deadline), { clock, deadline }).finally(
    () => ended.abort(),
  )
  await served
  const nowMs = clock.now()
  const { outcomes } = fetched
  return {
    state: startHolding(config, { ...fetched, goodAtMs: nowMs }),
    figures: startFigures({ nowMs, goodAtMs: nowMs, outcomes }),
  }
}

function openRest(
  program: Program | undefined,
  { context, figures }: { readonly context: AgentContext; readonly figures: AgentFigures },
): Rest {
  const { config, session, latencies, volumes, clock, signal, stateReport, requests } = context
  const { heldToken } = session
  const seen = () => requests.seen
  const { dates } = figures
  const { folder } = volumes
  const onEnd = stateReport.save
  return createRest({
    ...{ config, program, folder, heldToken, seen, dates, latencies },
    ...{ onEnd, clock, signal },
  })
}

/** How long a start takes before monitoring hears of it. A healthy one ends long before. */
const longStartMs = 60_000

/** Loaded only if a pod with metrics starts slowly. */
async function serveWhileStarting(context: AgentContext, ended: AbortSignal): Promise<void> {
  const { clock } = context
  const { metricsPort: port } = context.config
  if (port === undefined) return
  const startMs = clock.now()
  await clock.sleep(longStartMs, ended)
  if (ended.aborted) return
  const { serveStarting } = await import('./metrics/serve-starting.ts')
  await serveStarting(context, { port, startMs, ended })
}

/** Loaded only if the pod asks for it, because it takes memory. */
async function followRefreshes(context: AgentContext, figures: AgentFigures) {
  const { followRefreshes } = await import('./metrics/follow-refreshes.ts')
  return await followRefreshes(context, figures)
}

/** The pod has all it needs already, and its other containers wait for this one to end. */
const briefRefreshMs = 5_000

async function refreshBriefly(context: AgentContext, state: HeldState): Promise<void> {
  const end = new AbortController()
  const signal = AbortSignal.any([context.signal, end.signal])
  const isRefreshed = await Promise.race([
    refreshOnce({ ...context, signal }, state).then(() => true),
    context.clock.sleep(briefRefreshMs, signal).then(() => false),
  ])
  end.abort()
  if (!isRefreshed)
    context.log.warn('the vault or Entra takes too long to answer; the pod keeps its current files')
}

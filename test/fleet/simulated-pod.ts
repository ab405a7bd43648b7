import { firstFetchDeadline } from '../../delivery/projection/deadline.ts'
import { type Content, noContent } from '../../delivery/projection/project-content.ts'
import type { AgentContext } from '../../init-agent/context/agent-context.ts'
import { endHangingFetch } from '../../init-agent/fetch/end-hanging-fetch.ts'
import { firstFetch } from '../../init-agent/fetch/first-fetch.ts'
import { firstWaitMs, keepFresh } from '../../init-agent/fetch/refresh.ts'
import { type HeldState, startHolding } from '../../init-agent/find/held-finds.ts'
import { RefreshRequests } from '../../init-agent/on-demand/refresh-requests.ts'
import { pauseThrottledVaults, VaultPauses } from '../../keyvault/readers/vault-pauses.ts'
import type { Clock } from '../../lib/clock.ts'
import type { VaultModel } from './vault-model.ts'

/** A pod of the simulation, and when it had what. Times are Infinity until then. */
export interface SimulatedPod {
  readonly clock: Clock
  readonly config: AgentContext['config']
  readonly objects: number
  readonly startAtMs: number
  /** When the pod had everything. */
  readyAtMs: number
  /** When the pod had read all of its objects again after the outage, or the stranger's load. */
  freshAtMs: number
  restarts: number
}

export interface PodWorld {
  readonly vault: VaultModel
  /** When the outage ends, or the stranger's load. */
  readonly outageEndsAtMs: number
  /** Whether the agent's pauses are left out, as a floor to compare with. */
  readonly isWithoutPauses: boolean
  readonly signal: AbortSignal
}

/** The kubelet's delays before a container's restarts: 10 s, doubling, at most 5 minutes. */
const restartDelayMs = (restarts: number): number => Math.min(300_000, 10_000 * 2 ** (restarts - 1))

/** Runs the agent's own code for one pod, with the kubelet's restarts, until `signal` aborts. */
export async function runPod(pod: SimulatedPod, world: PodWorld): Promise<void> {
  const { clock } = pod
  const { signal } = world
  await clock.sleep(pod.startAtMs, signal)
  while (!signal.aborted) {
    // A restarted process remembers nothing.
    const context = openContext(pod, world)
    const state = await start(context)
    if (signal.aborted) return
    if (state !== undefined) {
      pod.readyAtMs = clock.now()
      if (pod.config.refreshSeconds > 0)
        await keepFresh(context, { state, afterMs: firstWaitMs(context) })
      return
    }
    pod.restarts++
    await clock.sleep(restartDelayMs(pod.restarts), signal)
  }
}

/** The agent's first fetch, as `runAgent` does it. Undefined if it failed, which ends the agent. */
async function start(context: AgentContext): Promise<HeldState | undefined> {
  const { config, clock } = context
  const deadline = firstFetchDeadline(config, clock.now())
  try {
    const fetched = await endHangingFetch(firstFetch(context, deadline), { clock, deadline })
    return startHolding(config, { ...fetched, goodAtMs: clock.now() })
  } catch {
    return undefined
  }
}

const noLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

function openContext(pod: SimulatedPod, world: PodWorld): AgentContext {
  const { clock, config } = pod
  const { signal } = world
  let written: Content = noContent
  return {
    config,
    clock,
    signal,
    log: noLog,
    session: {
      signIn: modelSignIn(clock),
      reader: openReader(pod, world),
      prepare: () => {},
      heldToken: () => undefined,
    },
    volumes: {
      folder: '',
      read: () => ({ content: written, writtenAtMs: clock.now() }),
      write: (content) => {
        written = content
      },
      currentSets: () => [],
      sweep: () => {},
      freshness: { read: () => undefined, set: () => {} },
      record: { read: () => undefined, write: () => {} },
      notification: { isSet: () => false, set: () => {}, clear: () => {} },
    },
    // Nobody asks for a refresh.
    requests: new RefreshRequests({ root: '/nowhere', clock, log: noLog }),
    stateReport: {
      report: () => {},
      resume: () => {},
      restart: () => {},
      save: () => {},
      dueInMs: () => Number.POSITIVE_INFINITY,
    },
  }
}

function openReader(
  pod: SimulatedPod,
  { vault, outageEndsAtMs, isWithoutPauses }: PodWorld,
): AgentContext['session']['reader'] {
  const { clock, objects } = pod
  const readAgain = new Set<string>()
  const reader = vault.reader(clock, (name) => {
    if (clock.now() < outageEndsAtMs) return
    readAgain.add(name)
    if (readAgain.size === objects) pod.freshAtMs = Math.min(pod.freshAtMs, clock.now())
  })
  return isWithoutPauses ? reader : pauseThrottledVaults(reader, new VaultPauses(clock))
}

/** A sign-in that takes 80 to 160 ms. The token is then valid for as long as the simulation lasts. */
function modelSignIn(clock: Clock): AgentContext['session']['signIn'] {
  let isSignedIn = false
  return {
    principal: 'client c',
    async token() {
      if (!isSignedIn) await clock.sleep(80 + 80 * clock.random())
      isSignedIn = true
      return 'a token'
    },
    forget: () => {},
  }
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { AgentConfig } from '../../../delivery/contract.ts'
import type { AgentContext } from '../../../init-agent/context/agent-context.ts'
import { firstFetch } from '../../../init-agent/fetch/first-fetch.ts'
import { firstWaitMs, keepFresh } from '../../../init-agent/fetch/refresh.ts'
import { startHolding } from '../../../init-agent/find/held-finds.ts'
import { RefreshRequests } from '../../../init-agent/on-demand/refresh-requests.ts'
import { reportState } from '../../../init-agent/state/report-state.ts'
import { openVolumes } from '../../../init-agent/volume/volumes.ts'
import type { ListedSecret } from '../../../keyvault/clients/object-client.ts'
import { AkvError, type AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts'
import type { MemoryLog } from '../../support/memory-log.ts'
import { secretPagesOf } from '../../support/secret-pages.ts'
import { memoryStateLog } from './memory-state-log.ts'
import { agentConfig } from './pod.ts'
import { secretAnswer } from './secret-answer.ts'

const interval = 100

/** A pod in this process: real folders, a table as the vault, and a clock that advances when the agent waits. */
export interface SimulatedPod {
  readonly context: AgentContext
  readonly clock: FakeClock
  /** The vault's answers by name, or by `name@version` for one version. */
  readonly vault: Map<string, string | AkvErrorCode>
  /** The names of secrets that belong to certificates. */
  readonly certificates: Set<string>
  /** The versions that the vault lists, newest first, by name. */
  readonly listed: Map<string, readonly string[]>
  /** The requests in order: names, and `sign-in`. */
  readonly asked: string[]
  /** Without the states. */
  readonly lines: MemoryLog['lines']
  /** All lines as they were written. */
  readonly written: readonly string[]
  file(path: string): string
  /** `rounds[n]` is called when the n-th wait from now on ends, and the agent is stopped after the last one. */
  onWaits(rounds: readonly (() => unknown)[]): void
  /** Fetches first, then refreshes; `rounds[n]` is called before the n-th refresh. */
  run(rounds: readonly (() => unknown)[]): Promise<void>
}

const isCode = (value: string): value is AkvErrorCode => value.startsWith('AKV_')

export function simulatePod(
  t: Test,
  wanted: Partial<AgentConfig>,
  options: {
    random?: number
    retryAfterMs?: number
    pages?: () => readonly (readonly ListedSecret[])[]
  } = {},
): SimulatedPod {
  const volumes = (wanted.volumes ?? []).map(({ name }) => [name, {}])
  const root = t.testdir({ files: {}, env: {}, csi: Object.fromEntries(volumes) })
  const stop = new AbortController()
  const vault = new Map<string, string | AkvErrorCode>()
  const certificates = new Set<string>()
  const listed = new Map<string, readonly string[]>()
  const asked: string[] = []
  const { pages = () => [] } = options
  let rounds: readonly (() => unknown)[] = []
  let round = 0
  const clock = fakeClock({
    random: options.random ?? 0.5,
    onSleep() {
      const before = rounds[round++]
      if (before) before()
      else stop.abort()
    },
  })
  const answer = (name: string) => {
    asked.push(name)
    const value = vault.get(name) ?? 'AKV_OBJECT_NOT_FOUND'
    const { retryAfterMs } = options
    if (isCode(value)) throw new AkvError(value, `${name} failed`, { retryAfterMs })
    return value
  }
  const config = agentConfig({ refreshSeconds: interval, ...wanted })
  const { stateLog, lines, written } = memoryStateLog()
  const volumesOfPod = openVolumes(root, config)
  const { log } = stateLog
  const requests = new RefreshRequests({ root, clock, log })
  const context: AgentContext = {
    config,
    session: {
      prepare: () => undefined,
      heldToken: () => undefined,
      signIn: {
        principal: 'client c',
        token: async () => answer('sign-in'),
        forget: () => asked.push('forget'),
      },
      reader: {
        async read({ name, version }) {
          const exact = `${name}@${version}`
          const value = answer(vault.has(exact) ? exact : name)
          return secretAnswer(value, { version, isCertificate: certificates.has(name) })
        },
        secretPages: () => secretPagesOf(...pages()),
        async listVersions({ name }) {
          asked.push(`list ${name}`)
          const versions = listed.get(name) ?? []
          return versions.map((version, i) => ({
            version,
            isEnabled: true,
            createdAtMs: -i * 1000,
          }))
        },
      },
    },
    volumes: volumesOfPod,
    clock,
    log: stateLog.log,
    requests,
    stateReport: reportState({
      ...{ config, volumes: volumesOfPod, clock, stateLog, seen: requests.seen },
    }),
    signal: stop.signal,
  }
  vault.set('sign-in', 'a token')
  return {
    context,
    clock,
    vault,
    certificates,
    listed,
    asked,
    lines,
    written,
    file: (path) => readFileSync(join(root, path), 'utf8'),
    onWaits(wantedRounds) {
      rounds = wantedRounds
      round = 0
    },
    async run(wantedRounds) {
      const fetched = await firstFetch(context)
      rounds = wantedRounds
      asked.length = 0
      const state = startHolding(context.config, { ...fetched, goodAtMs: clock.now() })
      // An agent that doesn't end would go on without ever waiting, and the test would hang.
      const rest = async () => {
        if (stop.signal.aborted) throw new Error('the agent goes on after it was stopped')
      }
      await keepFresh(context, { state, afterMs: firstWaitMs(context), rest })
    },
  }
}

export const stale = (lines: SimulatedPod['lines']) =>
  lines.filter(({ message }) => /not be refreshed/.test(message))

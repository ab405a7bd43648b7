import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { AgentConfig } from '../../delivery/contract.ts'
import { startState } from '../../delivery/projection/refresh-content.ts'
import { runAgent } from '../../init-agent/agent.ts'
import { firstFetch } from '../../init-agent/fetch/first-fetch.ts'
import { firstWaitMs, keepFresh } from '../../init-agent/fetch/refresh.ts'
import { startFigures } from '../../init-agent/metrics/agent-figures.ts'
import { followRefreshes } from '../../init-agent/metrics/follow-refreshes.ts'
import { openFreshMark } from '../../init-agent/volume/fresh-mark.ts'
import { openVolumes } from '../../init-agent/volume/volumes.ts'
import { pauseThrottledVaults, VaultPauses } from '../../keyvault/readers/vault-pauses.ts'
import { handTime } from '../../lib/handed-time.ts'
import { clockTimes } from '../support/clock-times.ts'
import { isFuzzing } from '../support/property-runs.ts'
import { memoryStateLog } from './harness/memory-state-log.ts'
import { agentConfig, secretFile } from './harness/pod.ts'
import { simulatePod } from './harness/simulated-pod.ts'
import { delivered } from './harness/volume.ts'

const minuteMs = 60_000
const tenMinutesBack = -10 * minuteMs
const tenHoursForward = 600 * minuteMs
const ticks = 40

/**
 * The life of an agent with an interval of 100 s and `stale-after` of 250 s: after 200 s its vault throttles, after 400 s it is
 * down, and after 1,000 s it is well again. Somebody sets the wall clock at one of its waits.
 */
async function lifeOf(t: Test, step?: { readonly atWait: number; readonly byMs: number }) {
  const pod = simulatePod(
    t,
    { files: [secretFile('a'), secretFile('b')], staleAfterSeconds: 250 },
    { retryAfterMs: 40_000 },
  )
  const { vault, clock, asked, lines } = pod
  const { session } = pod.context
  const reader = pauseThrottledVaults(session.reader, new VaultPauses(clock))
  const context = { ...pod.context, session: { ...session, reader } }
  const startMs = clock.now()
  const { freshness } = context.volumes
  const trace: unknown[] = []
  const show = (value: string) => void vault.set('a', value).set('b', value)
  let waits = 0
  const tick = () => {
    if (step?.atWait === waits++) clock.step(step.byMs)
    const seconds = (clock.now() - startMs) / 1000
    const isBad = seconds > 200 && seconds < 1_000
    show(isBad ? (seconds < 400 ? 'AKV_THROTTLED' : 'AKV_VAULT_UNAVAILABLE') : `at ${seconds}`)
    trace.push([seconds, asked.length, freshness.read()?.isReady])
  }
  show('first')
  const fetched = await firstFetch(context)
  const nowMs = clock.now()
  const onRefresh = await followRefreshes(context, startFigures({ nowMs, goodAtMs: nowMs }))
  pod.onWaits(Array.from({ length: ticks }, () => tick))
  const state = startState(context.config, { ...fetched, goodAtMs: nowMs })
  await keepFresh(context, { state, afterMs: firstWaitMs(context), onRefresh })
  return { trace, asked, log: lines.map((line) => JSON.stringify(line)) }
}

t.test('a step of the wall clock changes no pause, interval or staleness', async (t) => {
  const expected = await lifeOf(t)
  const readiness = new Set(expected.trace.map((seen) => JSON.stringify(seen).includes('false')))
  t.strictSame(readiness, new Set([false, true]), 'the pod was ready, and was not')
  t.ok(expected.log.some((line) => line.includes('AKV_THROTTLED')))
  t.ok(expected.log.some((line) => line.includes('up to date again')))
  t.ok(expected.asked.length > 15, `${expected.asked.length} requests`)
  let compared = 0
  for (let atWait = 0; atWait < ticks; atWait += isFuzzing ? 1 : 9)
    for (const byMs of [tenMinutesBack, tenHoursForward]) {
      t.strictSame(await lifeOf(t, { atWait, byMs }), expected, `${byMs} ms at wait ${atWait}`)
      compared++
    }
  t.ok(compared >= (isFuzzing ? 80 : 10), `${compared} lives compared`)
})

const config = agentConfig({ files: [secretFile('a')], refreshSeconds: 300 })
const nowMs = 2 * tenHoursForward

/** An agent that goes on with a volume that was written 100 s ago. It ends at its first wait. */
async function restart(
  t: Test,
  options: {
    readonly byMs: number
    readonly config: AgentConfig
    /** Whether the form before it hands over what it knows. */
    readonly isResting: boolean
    readonly boot?: string
  },
) {
  const { byMs, isResting, boot = 'a boot' } = options
  const root = t.testdir({ files: {} })
  const files = join(root, 'files')
  openVolumes(root, options.config).write({ files: delivered({ a: 'one' }), env: new Map() })
  const before = clockTimes(() => nowMs)
  const goodAt = handTime(nowMs - 100_000, before)
  openFreshMark(files).set({ freshAt: goodAt, isReady: true })

  const stop = new AbortController()
  const after = clockTimes(() => nowMs, { boot })
  after.step(byMs)
  const sleep = async () => stop.abort()
  const clock = { ...after, random: () => 0.5, sleep }
  const resumed = isResting ? { resumed: { afterMs: 300_000, goodAt } } : {}
  const { stateLog, lines } = memoryStateLog()
  const life = { root, env: {}, stateLog, clock, signal: stop.signal, ...resumed }
  await runAgent({ config: options.config, ...life })
  return {
    isReady: existsSync(join(files, '..fresh')),
    goodAt: openFreshMark(files).read()?.freshAt,
    messages: lines.map(({ message }) => message),
  }
}

t.test('a step before an agent goes on doesn’t change how old its files are', async (t) => {
  let restarts = 0
  for (const byMs of [tenMinutesBack, 0, tenHoursForward])
    for (const isResting of [false, true])
      for (const [staleAfterSeconds, isReady] of [
        [90, false],
        [110, true],
        [300, true],
      ] as const) {
        const found = await restart(t, {
          byMs,
          isResting,
          config: { ...config, staleAfterSeconds },
        })
        t.equal(found.isReady, isReady, `${byMs} ms, ${staleAfterSeconds} s`)
        t.equal(found.goodAt?.boot?.ms, nowMs - 100_000)
        restarts++
      }
  t.equal(restarts, 18)
})

t.test('after another boot, only the wall time says how old the files are', async (t) => {
  const wanted = { ...config, staleAfterSeconds: 300 }
  const isReadyAfter = async (byMs: number) =>
    (await restart(t, { byMs, isResting: false, config: wanted, boot: 'another boot' })).isReady
  t.equal(await isReadyAfter(0), true)
  t.equal(await isReadyAfter(tenHoursForward), false)
  t.equal(await isReadyAfter(tenMinutesBack), true, 'never older than now')
})

import t, { type Test } from 'tap'
import { type Chart, chartPictures } from '../docs/picture/draw-chart.ts'
import { isFuzzing } from '../support/property-runs.ts'
import {
  findingFigures,
  shortIntervalFigure,
  startFinding,
  steadyRequests,
} from './finding-pods.ts'
import { chartOfOutage, chartOfStart } from './fleet-charts.ts'
import { countAnswers, countRestarts, quantile } from './fleet-figures.ts'
import {
  floorMs,
  goThroughOutage,
  outage,
  outageRefreshSeconds,
  podsPerNode,
  startAfterReboot,
  startAlone,
  startTogether,
} from './scenarios.ts'
import { chartOfLonePods, chartOfSharedVaults } from './shared-charts.ts'
import { lonePodFigures, refusalsPerObject, sharedFigures } from './shared-figures.ts'
import {
  lonePods,
  readySeconds,
  refreshBesideStranger,
  refuseLonePods,
  type SharedVault,
  sharedVaults,
  startAtSharedVault,
} from './shared-vaults.ts'

/** With fewer, the vault's limit is too small to share. */
const pods = 500
/** Fewer are enough for a start. */
const starting = isFuzzing ? 500 : 125
const isDrawn = (t: Test, chart: Chart) => {
  for (const svg of Object.values(chartPictures('fleet', chart)))
    t.match(svg, /^<svg [\s\S]*<\/svg>\n$/)
}

t.test('pods that start together need little longer than the vault’s limit', async (t) => {
  const result = await startTogether({ pods: starting })
  const readyAtMs = result.pods.map((pod) => pod.readyAtMs)
  t.equal(countRestarts(result), 0)
  t.ok(quantile(readyAtMs, 0.95) < 1.3 * floorMs(result.pods), 'nearly all pods')
  t.ok(quantile(readyAtMs, 1) < 1.7 * floorMs(result.pods), 'the last pod')
  t.ok(countAnswers(result, 'throttled') < 10 * starting, 'few 429s for each pod')
  const served = result.pods.reduce((sum, { objects }) => sum + objects, 0)
  t.equal(countAnswers(result, 'served'), served, 'nothing is fetched twice')
  isDrawn(t, chartOfStart(result))
})

t.test('pods of nodes that reboot start at once on each node, and need no longer', async (t) => {
  const rebooting = isFuzzing ? 200 : 100
  const result = await startAfterReboot({ pods: rebooting })
  const startedAtMs = new Set(result.pods.map(({ startAtMs }) => startAtMs))
  t.equal(startedAtMs.size, rebooting / podsPerNode, 'the pods of a node start together')
  const readyAtMs = result.pods.map((pod) => pod.readyAtMs)
  t.equal(countRestarts(result), 0)
  t.ok(quantile(readyAtMs, 0.95) < 1.3 * floorMs(result.pods), 'nearly all pods')
  t.ok(quantile(readyAtMs, 1) < 1.7 * floorMs(result.pods), 'the last pod')
  t.ok(countAnswers(result, 'throttled') < 10 * rebooting, 'few 429s for each pod')
})

for (const vault of sharedVaults)
  t.test(`no pod starves ${vault.title}`, async (t) => {
    const scale = { pods: starting, seed: 21 }
    const run = await startAtSharedVault(vault, scale)
    t.equal(countRestarts(run), 0)
    t.ok(Number.isFinite(quantile(readySeconds(vault, run), 1)), 'all pods have their files')
    t.ok(refusalsPerObject(run) < 2, `${refusalsPerObject(run)} refusals for each object`)
    isDrawn(t, chartOfSharedVaults([{ vault, runs: [run] }]))
  })

t.test('figures of a shared vault fail above their bounds', async (t) => {
  const vault = { title: 'alone', limit: {}, durationMs: 900_000 }
  const ample = { readySeconds: { 0.95: 999, 1: 999 }, refusalsPerObject: 9, refusalsInSecond: 99 }
  const run = await startAtSharedVault({ ...vault, atMost: ample }, { pods: 20, seed: 21 })
  const failures = (atMost: SharedVault['atMost']) =>
    sharedFigures({ ...vault, atMost }, [run], { pods: 20 }).flatMap(({ failure }) => failure ?? [])
  t.strictSame(failures(ample), [])
  const { length } = failures({
    readySeconds: { 0.95: 1, 1: { full: 999, tenth: 1 } },
    refusalsPerObject: 0,
    refusalsInSecond: 0,
    requestsAfterEnd: 0,
  })
  t.equal(length, 5)
})

t.test('a pod that is refused alone is up soon after that', async (t) => {
  const waits = []
  for (const { refusedSeconds } of lonePods) waits.push(await refuseLonePods(refusedSeconds))
  const figures = lonePodFigures(waits, { pods: starting })
  t.equal(figures.length, lonePods.length)
  t.strictSame(
    figures.flatMap(({ failure }) => failure ?? []),
    [],
  )
  isDrawn(t, chartOfLonePods(waits))
})

t.test('pods that refresh are fresh again after a stranger’s end', async (t) => {
  const { pods } = await refreshBesideStranger({ pods: 200 })
  const fresh = pods.filter(({ freshAtMs }) => Number.isFinite(freshAtMs))
  t.equal(fresh.length, pods.length)
})

t.test('a pod that starts alone waits for one more round trip', async (t) => {
  const tookMs = ({ pods }: Awaited<ReturnType<typeof startAlone>>) =>
    quantile(
      pods.map(({ startAtMs, readyAtMs }) => readyAtMs - startAtMs),
      0.5,
    )
  const addedMs = tookMs(await startAlone(false)) - tookMs(await startAlone(true))
  t.ok(addedMs > 0 && addedMs <= 80, 'round trips are 30 to 80 ms')
})

t.test('pods that find secrets cost the vault what the formula says', async (t) => {
  const scale = { pods: 100 }
  const result = await startFinding(scale, { steadyMs: 1_200_000 })
  const { requests, refused, formula } = steadyRequests(result)
  t.equal(countRestarts(result), 0)
  t.ok(
    result.pods.every(({ readyAtMs }) => readyAtMs < 300_000),
    'all pods have their files',
  )
  t.equal(refused, 0, 'no 429 after the start')
  t.ok(Math.abs(requests / formula - 1) < 0.05, `${requests} requests, ${formula} by the formula`)
  t.match(shortIntervalFigure(300, result).value, / 0\.0 answers 429 /)
  const failures = findingFigures(result, { pods: 1 }).flatMap(({ failure }) => failure ?? [])
  t.ok(failures.length > 0, 'figures above their bounds fail')
})

t.test('after an outage, all pods are fresh within one interval', async (t) => {
  const result = await goThroughOutage({ pods })
  const freshAfterMs = result.pods.map(({ freshAtMs }) => freshAtMs - outage.untilMs)
  t.ok(quantile(freshAfterMs, 1) <= outageRefreshSeconds * 1000)
  const intervals = (outage.untilMs - outage.fromMs) / 1000 / outageRefreshSeconds
  // One for each interval, and one more for the first: an object may fail alone.
  t.ok(countAnswers(result, 'failed') <= pods * (intervals / 0.9 + 2), 'one request an interval')
  t.equal(countAnswers(result, 'throttled'), 0, 'no herd')
  isDrawn(t, chartOfOutage(result))
})

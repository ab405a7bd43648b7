import t, { type Test } from 'tap'
import { type Chart, chartPictures } from '../docs/picture/draw-chart.ts'
import { isFuzzing } from '../support/property-runs.ts'
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
  startBesideStranger,
  startTogether,
} from './scenarios.ts'

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
  t.ok(quantile(readyAtMs, 1) < 1.3 * floorMs(result.pods), 'the last pod')
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
  t.ok(quantile(readyAtMs, 1) < 1.3 * floorMs(result.pods), 'the last pod')
  t.ok(countAnswers(result, 'throttled') < 10 * rebooting, 'few 429s for each pod')
})

t.test('a vault that counts its 429s is waited for, too, without a restart', async (t) => {
  const result = await startTogether(
    { pods: starting },
    { countsRefused: true, retryAfterSeconds: 10 },
  )
  t.equal(countRestarts(result), 0)
  const readyAtMs = result.pods.map((pod) => pod.readyAtMs)
  t.ok(
    quantile(readyAtMs, 0.95) < 2.3 * floorMs(result.pods),
    'nearly all, because each 429 costs as much as an object',
  )
})

t.test('pods start beside a stranger that asks for 2.5 times the limit', async (t) => {
  const result = await startBesideStranger({ pods: 200 })
  const readyAtMs = result.pods.map((pod) => pod.readyAtMs)
  t.equal(countRestarts(result), 0)
  t.ok(quantile(readyAtMs, 0.5) < 2 * floorMs(result.pods), 'half of the pods')
  t.ok(quantile(readyAtMs, 0.99) < 5 * floorMs(result.pods), 'nearly all')
  t.ok(quantile(readyAtMs, 1) < 7 * floorMs(result.pods), 'the last pod')
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

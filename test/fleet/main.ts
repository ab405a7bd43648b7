// npm run fleet: runs the agent's code for many pods in virtual time, prints figures, fails if one is too high, and draws the curves for docs/performance.md.

import { parseArgs } from 'node:util'
import { type Figure, printFigures } from '../bench/bench.ts'
import { chartPictures } from '../docs/picture/draw-chart.ts'
import { writePictures } from '../docs/picture/write-pictures.ts'
import {
  findingFigures,
  findingPods,
  findOften,
  shortIntervalFigure,
  shortIntervals,
  startFinding,
} from './finding-pods.ts'
import { chartOfOutage, chartOfStart } from './fleet-charts.ts'
import { aloneFigures, outageFigures, startFigures } from './fleet-figures.ts'
import {
  fullPods,
  goThroughOutage,
  podsPerNode,
  startAfterReboot,
  startAlone,
  startTogether,
} from './scenarios.ts'
import { chartOfLonePods, chartOfSharedVaults } from './shared-charts.ts'
import { lonePodFigures, refreshFigures, sharedFigures } from './shared-figures.ts'
import {
  lonePods,
  refreshBesideStranger,
  refuseLonePods,
  sharedVaults,
  startAtSharedVault,
} from './shared-vaults.ts'

const { values } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } })
const starting = { pods: values.smoke ? fullPods / 10 : fullPods }
const refreshing = { pods: starting.pods / 2 }
const seeds = [11, 12, 13]

const print = (title: string, figures: readonly Figure[]) => {
  printFigures(title, figures)
  for (const { failure } of figures) {
    if (failure === undefined) continue
    console.error(`${title}: ${failure}`)
    process.exitCode = 1
  }
}

print('a pod that starts alone', aloneFigures(await startAlone(false), await startAlone(true)))

const started = await startTogether(starting)
print(`${starting.pods} pods that start within a minute`, startFigures(started))

const rebooted = await startAfterReboot(starting)
print(
  `${starting.pods / podsPerNode} nodes that reboot, with ${podsPerNode} pods each`,
  startFigures(rebooted),
)

const shared = []
for (const vault of sharedVaults) {
  const runs = []
  for (const seed of seeds) runs.push(await startAtSharedVault(vault, { ...starting, seed }))
  print(`${starting.pods} pods ${vault.title}`, sharedFigures(vault, runs, starting))
  shared.push({ vault, runs })
}

const waits = []
for (const { refusedSeconds } of lonePods) waits.push(await refuseLonePods(refusedSeconds))
print('a pod that is alone', lonePodFigures(waits, starting))

const besideStranger = { pods: 1_000 }
print(
  `${besideStranger.pods} pods that refresh every 10 minutes, after a stranger’s end`,
  refreshFigures(await refreshBesideStranger(besideStranger), starting),
)

const recovered = await goThroughOutage(refreshing)
print(`${refreshing.pods} pods in an outage of 10 minutes`, outageFigures(recovered))

const finding = { pods: values.smoke ? findingPods / 10 : findingPods }
print(
  `${finding.pods} pods that find ten of 250 secrets, and refresh every 5 minutes`,
  findingFigures(await startFinding(finding), finding),
)

if (!values.smoke) {
  const often = []
  for (const seconds of shortIntervals)
    often.push(shortIntervalFigure(seconds, await findOften(seconds)))
  print('the same pods, with lists that need half of the limit or more', often)

  writePictures(chartPictures('fleet-start', chartOfStart(started)))
  writePictures(chartPictures('fleet-shared', chartOfSharedVaults(shared)))
  writePictures(chartPictures('fleet-lone', chartOfLonePods(waits)))
  writePictures(chartPictures('fleet-outage', chartOfOutage(recovered)))
}

// npm run fleet: runs the agent's code for many pods in virtual time, prints figures, and draws the curves for docs/performance.md.

import { parseArgs } from 'node:util'
import { printFigures } from '../bench/bench.ts'
import { chartPictures } from '../docs/picture/draw-chart.ts'
import { writePictures } from '../docs/picture/write-pictures.ts'
import { chartOfOutage, chartOfStart } from './fleet-charts.ts'
import { aloneFigures, outageFigures, startFigures } from './fleet-figures.ts'
import {
  goThroughOutage,
  podsPerNode,
  startAfterReboot,
  startAlone,
  startBesideStranger,
  startTogether,
} from './scenarios.ts'

const { values } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } })
const startingPods = values.smoke ? 1_000 : 10_000
const refreshingPods = values.smoke ? 500 : 5_000

printFigures(
  'a pod that starts alone',
  aloneFigures(await startAlone(false), await startAlone(true)),
)

const started = await startTogether({ pods: startingPods })
printFigures(`${startingPods} pods that start within a minute`, startFigures(started))

const rebooted = await startAfterReboot({ pods: startingPods })
printFigures(
  `${startingPods / podsPerNode} nodes that reboot, with ${podsPerNode} pods each`,
  startFigures(rebooted),
)

const fixed = await startTogether({ pods: 1_000 }, { kind: 'fixed' })
printFigures('a tenth of them, with a limit in fixed windows', startFigures(fixed))

const counted = await startTogether({ pods: 1_000 }, { countsRefused: true })
printFigures('a tenth of them, if answers 429 counted, too', startFigures(counted))

const beside = await startBesideStranger({ pods: 1_000 })
printFigures(
  'a tenth of them, beside a client that asks for 2.5 times the limit',
  startFigures(beside),
)

const recovered = await goThroughOutage({ pods: refreshingPods })
printFigures(`${refreshingPods} pods in an outage of 10 minutes`, outageFigures(recovered))

if (!values.smoke) {
  writePictures(chartPictures('fleet-start', chartOfStart(started)))
  writePictures(chartPictures('fleet-outage', chartOfOutage(recovered)))
}

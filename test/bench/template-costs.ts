import { runesOf } from '../../delivery/go-template/model/byte-string.ts'
import { templateRenderer } from '../../delivery/go-template/render.ts'
import { countingBudget } from '../support/counting-budget.ts'
import {
  expensiveBytes,
  expensiveTexts,
  expensiveValues,
  functionCalls,
} from '../support/expensive-templates.ts'
import { type Bench, type Figure, median } from './bench.ts'

/** What the control took on the machine where the costs of cost.ts were measured. */
const controlMicroseconds = 6_800
const control = Buffer.alloc(expensiveBytes, 0xff).toString('latin1')

/** What is too small to be measured: the collection of garbage takes as long. */
const noiseMicroseconds = 3_000

/** How many of the costs that seem highest are measured again. */
const measuredAgain = 8

interface Cost {
  readonly what: string
  /** The CPU time in microseconds of the reference machine, without the noise, as a share of what was charged. */
  readonly ratio: number
  readonly longestTurn: number
}

/** Compares the CPU time of templates with what is charged for them, in turns with a control that a machine's speed changes alike. */
export const benchTemplateCosts: Bench = async ({ isSmoke }) => [
  ...(await figuresOf('functions', callsOfFunctions(), isSmoke)),
  ...(await figuresOf('parsing', Object.entries(expensiveTexts).map(parsingOf), isSmoke)),
]

interface Rendering {
  readonly what: string
  readonly template: string
  readonly value: Buffer
}

const callsOfFunctions = (): readonly Rendering[] =>
  Object.entries(functionCalls).flatMap(([call, expression]) =>
    Object.entries(expensiveValues).map(([name, value]) => ({
      what: `${call} of ${name}`,
      template: `{{ if ${expression} }}{{ end }}`,
      value,
    })),
  )

const parsingOf = ([what, template]: [string, string]): Rendering => ({
  what,
  template,
  value: Buffer.from('x'),
})

/** V8 compiles hot code during the first runs, so the costs that seem highest are measured again, more often. */
async function figuresOf(
  table: string,
  renderings: readonly Rendering[],
  isSmoke: boolean,
): Promise<readonly Figure[]> {
  const first: { readonly rendering: Rendering; readonly cost: Cost }[] = []
  for (const rendering of renderings)
    first.push({ rendering, cost: await measure(rendering, isSmoke ? 1 : 5) })
  const highest = (by: 'ratio' | 'longestTurn') =>
    first.toSorted((a, b) => b.cost[by] - a.cost[by]).slice(0, measuredAgain)
  const suspects = new Set([...highest('ratio'), ...highest('longestTurn')])
  const again: Cost[] = []
  for (const { rendering } of suspects) again.push(await measure(rendering, isSmoke ? 9 : 25))
  const most = (by: 'ratio' | 'longestTurn') =>
    again.reduce((found, cost) => (cost[by] > found[by] ? cost : found))
  const { what, ratio } = most('ratio')
  const turn = most('longestTurn')
  return [
    {
      what: `${table}, the most for what is charged`,
      value: `${ratio.toFixed(2)} × what is charged  (${what})`,
      ratios: { CPU: ratio },
    },
    {
      what: `${table}, the longest turn of the event loop`,
      value: `${(turn.longestTurn / 1_000).toFixed(1)} ms of CPU  (${turn.what})`,
    },
  ]
}

async function measure({ what, template, value }: Rendering, runs: number): Promise<Cost> {
  const controls: number[] = []
  const costs: Awaited<ReturnType<typeof render>>[] = []
  for (let run = 0; run < runs; run++) {
    const before = cpuMicroseconds()
    runControl()
    controls.push(cpuMicroseconds() - before)
    costs.push(await render(template, value))
  }
  const machine = controlMicroseconds / median(controls)
  const spent = median(costs.map((cost) => cost.spent)) * machine
  const charged = costs[0]?.charged ?? Number.NaN
  return {
    what,
    ratio: Math.max(0, spent - noiseMicroseconds) / charged,
    longestTurn: median(costs.map((cost) => cost.longestTurn)) * machine,
  }
}

function runControl(): number {
  let count = 0
  for (const { code } of runesOf(control)) count += code ?? 1
  return count
}

async function render(template: string, value: Buffer) {
  let turnBeganAt = cpuMicroseconds()
  let longestTurn = 0
  const endTurn = async () => {
    longestTurn = Math.max(longestTurn, cpuMicroseconds() - turnBeganAt)
    turnBeganAt = cpuMicroseconds()
  }
  const { budget, charged } = countingBudget(endTurn)
  const before = cpuMicroseconds()
  await templateRenderer(new Map([['v', value]]), budget)(template)
  await endTurn()
  return { charged: charged.microseconds, spent: cpuMicroseconds() - before, longestTurn }
}

/** The CPU time of this process, without the time in which others ran. */
function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Bench,
  type Figure,
  mebibytes,
  median,
  milliseconds,
  perSecond,
  printStep,
  quantile,
} from '../bench.ts'
import { type Measured, measureServers, type Slice } from './measure-servers.ts'
import { pinnedCommit } from './pinned-commit.ts'
import { answersByUid } from './reviews.ts'
import { startProgram } from './servers.ts'
import { openStage, type Stage } from './stage.ts'
import { highShare, lowShare, type StepName } from './steps.ts'

/** What the servers of one turn gave: the checkout, the pinned commit, and a bare server. */
type Turn = Readonly<Record<'today' | 'pinned' | 'bare', Measured>>

/**
 * Compares the webhook with the one of the pinned commit, and with a bare server. The servers share one core, and the load
 * has another.
 */
export const benchAdmission: Bench = async ({ isSmoke }) => {
  const stage = await openStage('load.ts')
  try {
    const answers = JSON.stringify(answersByUid('annotated'))
    await writeFile(join(stage.folder, 'answers.json'), answers)
    const turns: Turn[] = []
    const count = isSmoke ? 9 : 3
    for (let i = 1; i <= count; i++) {
      printStep(`turn ${i} of ${count}: CPU of a review, today, pinned, bare`)
      turns.push(await measureTurn(stage, isSmoke))
    }
    return figures(turns)
  } finally {
    await stage.close()
  }
}

async function measureTurn(stage: Stage, isSmoke: boolean): Promise<Turn> {
  const startBare = () => startProgram('bare-server.ts', { args: [stage.folder], core: 0 })
  const servers = [
    { ...(await stage.startWebhook('today')), isWebhook: true },
    { ...(await stage.startWebhook('pinned')), isWebhook: true },
    { ...(await startBare()), isWebhook: false },
  ]
  try {
    const [today, pinned, bare] = await measureServers(servers, { ...stage, isSmoke })
    if (!today || !pinned || !bare) throw new Error('a server was not measured')
    return { today, pinned, bare }
  } finally {
    for (const { process } of servers) process.kill('SIGKILL')
  }
}

type Values = (server: keyof Turn) => readonly number[]

function figures(turns: readonly Turn[]): Figure[] {
  const slices = (step: StepName, value: (slice: Slice) => number): Values => {
    return (server) => turns.flatMap((turn) => turn[server].slices[step]?.map(value) ?? [])
  }
  // Of each slice, because one pause of a busy machine would decide a quantile of all of them.
  const latencies = (step: StepName, share: number): Values =>
    slices(step, ({ latenciesMs }) => quantile(latenciesMs, share))
  const memory = (key: 'idleBytes' | 'peakBytes'): Values => {
    return (server) => turns.map((turn) => turn[server][key])
  }
  const cpu = (what: string, step: StepName): Figure =>
    cpuFigure(
      what,
      slices(step, ({ cpuMs }) => cpuMs),
    )
  const lost = turns
    .flatMap(({ today }) => Object.values(today.slices).flat())
    .reduce((sum, slice) => sum + slice.lost, 0)
  const all: Figure[] = [
    cpu('CPU of one review, in the first seconds', 'cold'),
    cpu('CPU of one review', 'warm'),
    figure('reviews at full load', slices('warm', fullLoad), perSecond),
    cpu('CPU of one review on a new connection', 'connect'),
    cpu('CPU of one review with 380 to 580 secrets', 'large'),
    cpu('CPU of one review with a served volume, in the first seconds', 'servedCold'),
    cpu('CPU of one review with a served volume', 'servedWarm'),
    cpu('CPU of one review with a served volume, on a new connection', 'servedConnect'),
    {
      what: 'reviews without an answer',
      value: `${lost}`,
      ...(lost > 0 && { failure: `${lost} reviews had no answer` }),
    },
    figure(`p50 at ${percent(lowShare)} of full load`, latencies('steadyLow', 0.5), milliseconds),
    figure(`p99 at ${percent(lowShare)} of full load`, latencies('steadyLow', 0.99), milliseconds),
    figure(
      `p99 at ${percent(highShare)} of full load`,
      latencies('steadyHigh', 0.99),
      milliseconds,
    ),
    memoryFigure('resident memory, idle', memory('idleBytes')),
    memoryFigure('resident memory, peak', memory('peakBytes')),
  ]
  return all.filter(({ value }) => !value.startsWith('NaN'))
}

const fullLoad = ({ answered, tookMs }: Slice): number => (answered / tookMs) * 1000

const percent = (share: number) => `${Math.round(share * 100)} %`

/** The median of the ratios of what was measured side by side. */
const ratioTo = (server: keyof Turn, values: Values): number =>
  median(values('today').map((value, i) => value / (values(server)[i] ?? Number.NaN)))

function figure(what: string, values: Values, show: (value: number) => string): Figure {
  const others = (['bare', 'pinned'] as const).filter((server) => values(server).length > 0)
  const ratios = others.map((server) => `${ratioTo(server, values).toFixed(2)} × ${names[server]}`)
  const shown = (['today', ...others] as const).map((server) => show(median(values(server))))
  return { what, value: `${ratios.join(', ')}  (${shown.join('; ')})` }
}

function cpuFigure(what: string, values: Values): Figure {
  const { value } = figure(what, values, milliseconds)
  const growth = ratioTo('pinned', values)
  return {
    what,
    value,
    ...(growth > maxGrowth && {
      failure: `it takes ${growth.toFixed(2)} × the CPU time of commit ${pinnedCommit}; accepted: ${maxGrowth}`,
    }),
  }
}

const memoryFigure = (what: string, values: Values): Figure => ({
  ...figure(what, values, mebibytes),
  ratios: { memory: ratioTo('bare', values) },
})

const names = { pinned: `commit ${pinnedCommit}`, bare: 'bare Fastify' }
/** More than noise makes of the median of nine turns: bundles of the same code differ by up to 9 % on a busy machine. */
const maxGrowth = 1.1

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tlsFolder } from '../../webhook/http/tls-folder.ts'
import { type Bench, type Figure, mebibytes, median, milliseconds, perSecond } from '../bench.ts'
import { bundleCheckout, bundleCommit } from './bundles.ts'
import {
  type Measured,
  type MeasureOptions,
  measureServers,
  type Slice,
} from './measure-servers.ts'
import { pinnedCommit } from './pinned-commit.ts'
import { startBundle, startProgram } from './servers.ts'
import type { StepName } from './steps.ts'

/** What the servers of one turn gave: the checkout, the pinned commit, and a bare server. */
type Turn = Readonly<Record<'today' | 'pinned' | 'bare', Measured>>

/**
 * Compares the webhook with the one of the pinned commit, and with a bare server. The servers share one core, and the load
 * has another.
 */
export const benchAdmission: Bench = async ({ isSmoke }) => {
  const folder = await mkdtemp(join(tmpdir(), 'akv-injector-bench-'))
  const { process: generator } = await startProgram('load.ts', { args: [], core: 1 })
  try {
    const tls = await tlsFolder(folder)
    await tls.write(await tls.issue())
    await writeFile(join(folder, 'ca.crt'), tls.ca)
    const programs = {
      today: await bundleCheckout(join(folder, 'bundle')),
      pinned: bundleCommit(pinnedCommit),
    }
    const apiServer = await startProgram('api-server.ts', { args: [folder], core: 1 })
    const measure = () =>
      measureTurn(programs, {
        folder,
        apiServerPort: apiServer.port,
        generator,
        ca: tls.ca,
        isSmoke,
      })
    try {
      const turns: Turn[] = []
      for (let i = 0; i < (isSmoke ? 9 : 3); i++) turns.push(await measure())
      return figures(turns)
    } finally {
      apiServer.process.kill('SIGKILL')
    }
  } finally {
    generator.kill('SIGKILL')
    await rm(folder, { recursive: true })
  }
}

interface TurnOptions extends MeasureOptions {
  readonly folder: string
  readonly apiServerPort: number
}

async function measureTurn(
  programs: Readonly<Record<'today' | 'pinned', string>>,
  { folder, apiServerPort, ...options }: TurnOptions,
): Promise<Turn> {
  const startWebhook = async (program: string) => ({
    ...(await startBundle(program, { tlsDir: folder, apiServerPort })),
    isWebhook: true,
  })
  const servers = [
    await startWebhook(programs.today),
    await startWebhook(programs.pinned),
    { ...(await startProgram('bare-server.ts', { args: [folder], core: 0 })), isWebhook: false },
  ]
  try {
    const [today, pinned, bare] = await measureServers(servers, options)
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
  const latencies = (step: StepName, share: number): Values => {
    return (server) =>
      turns.map((turn) =>
        quantile(turn[server].slices[step]?.flatMap(({ latenciesMs }) => latenciesMs) ?? [], share),
      )
  }
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
    cpu('CPU of one review with 350 to 550 secrets', 'large'),
    cpu('CPU of one review with a served volume, in the first seconds', 'servedCold'),
    cpu('CPU of one review with a served volume', 'servedWarm'),
    cpu('CPU of one review with a served volume, on a new connection', 'servedConnect'),
    {
      what: 'reviews without an answer',
      value: `${lost}`,
      ...(lost > 0 && { failure: `${lost} reviews had no answer` }),
    },
    figure('p50 at 500/s', latencies('steady500', 0.5), milliseconds),
    figure('p99 at 500/s', latencies('steady500', 0.99), milliseconds),
    figure('p99 at 2,000/s', latencies('steady2000', 0.99), milliseconds),
    memoryFigure('resident memory, idle', memory('idleBytes')),
    memoryFigure('resident memory, peak', memory('peakBytes')),
  ]
  return all.filter(({ value }) => !value.startsWith('NaN'))
}

const fullLoad = ({ answered, tookMs }: Slice): number => (answered / tookMs) * 1000

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN

/** The median of the ratios of what was measured side by side. */
const ratioTo = (server: keyof Turn, values: Values): number =>
  median(values('today').map((value, i) => value / (values(server)[i] ?? Number.NaN)))

function figure(what: string, values: Values, show: (value: number) => string): Figure {
  const others = (['pinned', 'bare'] as const)
    .filter((server) => values(server).length > 0)
    .map(
      (server) =>
        `${names[server]} ${show(median(values(server)))}, ratio ${ratioTo(server, values).toFixed(2)}`,
    )
  return { what, value: `${show(median(values('today')))}  (${others.join('; ')})` }
}

function cpuFigure(what: string, values: Values): Figure {
  const { value } = figure(what, values, milliseconds)
  const growth = ratioTo('pinned', values)
  return {
    what,
    value: `${value}, ${perSecond(1000 / median(values('today')))} of CPU`,
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

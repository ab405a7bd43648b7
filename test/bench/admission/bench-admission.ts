import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tlsFolder } from '../../webhook/http/tls-folder.ts'
import { type Bench, type Figure, mebibytes, median, milliseconds, perSecond } from '../bench.ts'
import { bundleCheckout, bundleCommit } from './bundles.ts'
import { type Measured, measureServer } from './measure-server.ts'
import { pinnedCommit } from './pinned-commit.ts'
import { type MeasuredServer, startBundle, startProgram } from './servers.ts'

/** What the servers of one turn gave: the checkout, the pinned commit, and a bare server. */
type Turn = Readonly<Record<'today' | 'pinned' | 'bare', Measured>>

/**
 * Compares the webhook with the one of the pinned commit, and with a bare server. Each server runs on one core, and the load
 * on another.
 */
export const benchAdmission: Bench = async ({ isSmoke }) => {
  const folder = await mkdtemp(join(tmpdir(), 'akv-injector-bench-'))
  try {
    const tls = await tlsFolder(folder)
    await tls.write(await tls.issue())
    await writeFile(join(folder, 'ca.crt'), tls.ca)
    const programs = {
      today: await bundleCheckout(join(folder, 'bundle')),
      pinned: bundleCommit(pinnedCommit),
    }
    const apiServer = await startProgram('api-server.ts', { args: [folder], core: 1 })
    const measure = (start: () => Promise<MeasuredServer>, isWebhook: boolean) =>
      measureOnce(start, { ca: tls.ca, scale: isSmoke ? 0.15 : 1, isWebhook })
    const startWebhook = (program: string) => () =>
      startBundle(program, { tlsDir: folder, apiServerPort: apiServer.port })
    const startBare = () => startProgram('bare-server.ts', { args: [folder], core: 0 })
    try {
      const today = () => measure(startWebhook(programs.today), true)
      const pinned = () => measure(startWebhook(programs.pinned), true)
      const bare = () => measure(startBare, false)
      const turns: Turn[] = []
      const addTurns = async (count: number) => {
        for (let i = 0; i < count; i++)
          // Whichever runs second may find the machine warmer, or busier.
          turns.push(
            turns.length % 2 === 0
              ? { today: await today(), pinned: await pinned(), bare: await bare() }
              : { pinned: await pinned(), today: await today(), bare: await bare() },
          )
        return figures(turns)
      }
      const found = await addTurns(isSmoke ? 9 : 3)
      const isSuspicious = isSmoke && found.some(({ failure }) => failure !== undefined)
      // On a noisy machine, a second look tells noise from a cost.
      return isSuspicious ? await addTurns(9) : found
    } finally {
      apiServer.process.kill('SIGKILL')
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function measureOnce(
  start: () => Promise<MeasuredServer>,
  options: { readonly ca: string; readonly scale: number; readonly isWebhook: boolean },
): Promise<Measured> {
  const server = await start()
  const { process: generator } = await startProgram('load.ts', { args: [], core: 1 })
  try {
    return await measureServer({ ...options, server, generator })
  } finally {
    server.process.kill('SIGKILL')
    generator.kill('SIGKILL')
  }
}

/** Shows medians, and compares the servers of each turn. */
function figures(turns: readonly Turn[]): Figure[] {
  const of = (server: keyof Turn, key: keyof Measured) =>
    median(turns.map((turn) => turn[server][key]))
  const ratioTo = (server: keyof Turn, key: keyof Measured) =>
    median(turns.map((turn) => turn.today[key] / turn[server][key]))
  const figure = (what: string, key: keyof Measured, show: (value: number) => string): Figure => {
    const others = (['pinned', 'bare'] as const)
      .filter((server) => !Number.isNaN(of(server, key)))
      .map(
        (server) =>
          `${names[server]} ${show(of(server, key))}, ratio ${ratioTo(server, key).toFixed(2)}`,
      )
    return { what, value: `${show(of('today', key))}  (${others.join('; ')})` }
  }
  const cpu = (what: string, key: keyof Measured): Figure => {
    const growth = ratioTo('pinned', key)
    const { value } = figure(what, key, milliseconds)
    return {
      what,
      value: `${value}, ${perSecond(1000 / of('today', key))} of CPU`,
      ...(growth > maxGrowth && {
        failure: `it takes ${growth.toFixed(2)} × the CPU time of commit ${pinnedCommit}; accepted: ${maxGrowth}`,
      }),
    }
  }
  const lost = turns.reduce((sum, { today }) => sum + today.lost, 0)
  const all: Figure[] = [
    cpu('CPU of one review, in the first seconds', 'coldCpuMs'),
    { ...cpu('CPU of one review', 'warmCpuMs'), ratios: { CPU: ratioTo('bare', 'warmCpuMs') } },
    figure('reviews at full load', 'perSecond', perSecond),
    cpu('CPU of one review on a new connection', 'connectCpuMs'),
    cpu('CPU of one review with 350 to 550 secrets', 'largeCpuMs'),
    cpu('CPU of one review with a served volume, in the first seconds', 'servedColdCpuMs'),
    cpu('CPU of one review with a served volume', 'servedCpuMs'),
    cpu('CPU of one review with a served volume, on a new connection', 'servedConnectCpuMs'),
    {
      what: 'reviews without an answer',
      value: `${lost}`,
      ...(lost > 0 && { failure: `${lost} reviews had no answer` }),
    },
    figure('p50 at 500/s', 'p50Ms', milliseconds),
    figure('p99 at 500/s', 'p99Ms', milliseconds),
    figure('p99 at 2,000/s', 'p99FastMs', milliseconds),
    {
      ...figure('resident memory, idle', 'idleBytes', mebibytes),
      ratios: { memory: ratioTo('bare', 'idleBytes') },
    },
    {
      ...figure('resident memory, peak', 'peakBytes', mebibytes),
      ratios: { memory: ratioTo('bare', 'peakBytes') },
    },
  ]
  return all.filter(({ value }) => !value.startsWith('NaN'))
}

const names = { pinned: `commit ${pinnedCommit}`, bare: 'bare Fastify' }
/** More than noise makes of the median of nine pairs. */
const maxGrowth = 1.1

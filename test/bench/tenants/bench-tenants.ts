import { cpuMs } from '../admission/measure-servers.ts'
import { pinnedCommit } from '../admission/pinned-commit.ts'
import { openStage, type Stage, type Version } from '../admission/stage.ts'
import { askProcess } from '../ask-process.ts'
import {
  type Bench,
  type Figure,
  measureInTurns,
  milliseconds,
  perSecond,
  printStep,
  quantile,
} from '../bench.ts'
import type { Tenant, TenantResult, TenantsRequest } from './send-tenants.ts'

/** How much of what the slowest webhook can answer the small tenant asks for. */
const smallShare = 0.05

/** An address through which an API server sends the reviews of all its tenants, as on AKS. */
const apiServer = '127.0.0.1'
const stranger = '127.0.0.2'

const small: Tenant = {
  name: 'small',
  from: apiServer,
  namespace: 'small',
  sends: 'annotated',
  connections: 16,
}
/** 78 KB on average. */
const large = Array.from(
  { length: 4 },
  (_, i): Tenant => ({
    name: 'large',
    from: apiServer,
    namespace: `large-${i}`,
    sends: 'large',
    connections: 1,
  }),
)
const others: readonly Tenant[] = [
  { name: 'classes', from: apiServer, namespace: 'classes', sends: 'served', connections: 4 },
  { name: 'silent connections', from: stranger, namespace: '', sends: 'silent', connections: 100 },
]

/** Who sends beside the small tenant, all of them at full load. */
const scenes: Readonly<Record<string, readonly Tenant[]>> = {
  alone: [],
  'beside large answers': large,
  'beside all': [...large, ...others],
}

/** What one slice of one webhook gave. */
interface Sent {
  readonly tenants: readonly Tenant[]
  readonly results: readonly TenantResult[]
  /** The CPU time that the webhook took. */
  readonly cpuMs: number
}

type BothSent = Readonly<Record<Version, readonly Sent[]>>

/**
 * Measures how long tenants wait for each other at one webhook on one core, in turns with the webhook of the pinned commit. Its
 * unit is the CPU time of a review with a large answer: a small review has to wait for at least what runs when it arrives.
 */
export const benchTenants: Bench = async ({ isSmoke }) => {
  const stage = await openStage('../tenants/send-tenants.ts')
  try {
    const inTurns = await startBoth(stage, isSmoke ? 500 : 2_000)
    await inTurns([small, ...large, ...others], 2)
    const full = await inTurns([small], 2)
    const mostPerSecond = Math.min(
      ...full.today.map(ratePerSecond),
      ...full.pinned.map(ratePerSecond),
    )
    const steady = { ...small, perSecond: smallShare * mostPerSecond }
    const sent: [scene: string, BothSent][] = []
    for (const [scene, tenants] of Object.entries(scenes)) {
      printStep(`${perSecond(steady.perSecond)} small reviews, ${scene}`)
      sent.push([scene, await inTurns([steady, ...tenants], isSmoke ? 4 : 8)])
    }
    const largeMs = cpuOfLarge(
      sent.find(([, { today }]) => latencies(today, 'large').length > 0)?.[1],
    )
    return [
      { what: 'CPU of one review with a large answer', value: milliseconds(largeMs) },
      ...sent.flatMap(([scene, both]) => sceneFigures(scene, both, largeMs)),
    ]
  } finally {
    await stage.close()
  }
}

/** Starts the two webhooks. Gives a function that sends to them in turns. */
async function startBoth(stage: Stage, durationMs: number) {
  const servers = {
    today: await stage.startWebhook('today'),
    pinned: await stage.startWebhook('pinned'),
  }
  const send = async (version: Version, tenants: readonly Tenant[]): Promise<Sent> => {
    const { process, port } = servers[version]
    const pid = process.pid ?? 0
    const before = cpuMs(pid)
    const request: TenantsRequest = { target: { port, ca: stage.ca }, tenants, durationMs }
    const results = await askProcess<readonly TenantResult[]>(stage.generator, request)
    return { tenants, results, cpuMs: cpuMs(pid) - before }
  }
  return (tenants: readonly Tenant[], turns: number): Promise<BothSent> =>
    measureInTurns(
      { today: () => send('today', tenants), pinned: () => send('pinned', tenants) },
      turns,
    )
}

/** Of a slice in which only the small tenant sent. */
const ratePerSecond = ({ results }: Sent): number =>
  results.reduce((sum, { latenciesMs, tookMs }) => sum + (latenciesMs.length / tookMs) * 1000, 0)

const latencies = (sent: readonly Sent[], name: string): readonly number[] =>
  resultsOf(sent, name).flatMap(({ latenciesMs }) => latenciesMs)

const resultsOf = (sent: readonly Sent[], name: string): readonly TenantResult[] =>
  sent.flatMap(({ tenants, results }) => results.filter((_, i) => tenants[i]?.name === name))

/** Of a scene in which hardly anything else was sent. */
const cpuOfLarge = (both: BothSent | undefined): number =>
  (both?.today ?? []).reduce((sum, sent) => sum + sent.cpuMs, 0) /
  latencies(both?.today ?? [], 'large').length

function sceneFigures(scene: string, both: BothSent, largeMs: number): readonly Figure[] {
  const names = new Set(both.today.flatMap(({ tenants }) => tenants.map(({ name }) => name)))
  return [...names]
    .filter((name) => latencies(both.today, name).length > 0)
    .map((name) => tenantFigure(`${name} reviews, ${scene}`, { name, both, largeMs }))
}

function tenantFigure(
  what: string,
  {
    name,
    both,
    largeMs,
  }: { readonly name: string; readonly both: BothSent; readonly largeMs: number },
): Figure {
  const [p50, p99] = percentiles(both.today, name)
  const pinned = percentiles(both.pinned, name)
  const failures = resultsOf(both.today, name).reduce((sum, result) => sum + result.failures, 0)
  const show = (ms: readonly number[], unit = 1) =>
    ms.map((one) => (one / unit).toFixed(1)).join(' and ')
  const besideMs = quantile(latencies(both.today, 'large'), 0.5)
  return {
    what,
    value: `p50 and p99 ${show([p50, p99], largeMs)} × that  (${show([p50, p99])} ms; commit ${pinnedCommit} ${show(pinned)} ms), failures: ${failures}`,
    ...(name === small.name &&
      !Number.isNaN(besideMs) && { ratios: { 'p50 to large’s': p50 / besideMs } }),
    ...(failures > 0 && { failure: `${failures} reviews had no answer, or one without a patch` }),
  }
}

function percentiles(sent: readonly Sent[], name: string): readonly [number, number] {
  const all = latencies(sent, name)
  return [quantile(all, 0.5), quantile(all, 0.99)]
}

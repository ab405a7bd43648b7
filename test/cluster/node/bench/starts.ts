import { setTimeout as delay } from 'node:timers/promises'
import { startGateVariable } from '../../../../delivery/contract.ts'
import { type Bench, type Figure, median } from '../../../bench/bench.ts'
import type { KubeObject } from '../../client/api.ts'
import { until } from '../../client/cluster.ts'
import type { BenchNode } from './bench-node.ts'
import { benchPod } from './bench-pod.ts'
import { inWords } from './in-words.ts'

/** The phases of one pod start. */
interface Start {
  readonly totalMs: number
  /** From the creation of the pod to the start of its first container. */
  readonly kubeletMs?: number
  /** From there until the agent has written all files. */
  readonly agentMs?: number
  /** From there until the app starts. */
  readonly handoverMs?: number
}

type MakePod = (name: string) => KubeObject

/** Both kinds of sidecars as the webhook makes them. Their pods have no annotations, so that it doesn't choose again. */
async function makeVariants(node: BenchNode): Promise<Readonly<Record<string, MakePod>>> {
  const injected = async (fastStart: boolean): Promise<MakePod> => {
    await node.setFastStart(fastStart)
    let spec = {}
    // For a moment after the rollout, replicas that end still get reviews.
    await until(async () => {
      const answer = await node.cluster.create(pod('sidecar', '5m'), { dryRun: true })
      if (answer.status !== 201) return false
      spec = Object(answer.body['spec'])
      return JSON.stringify(spec).includes(startGateVariable) === fastStart
    })
    return (name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec,
    })
  }
  return {
    'no injection': (name) => pod(name),
    'init container': (name) => pod(name, '0'),
    'sidecar, hook and gate': await injected(true),
    'sidecar, startup probe': await injected(false),
  }
}

/** Starts pods one at a time, and alternates between the variants. */
export const benchStarts =
  (node: BenchNode): Bench =>
  async ({ isSmoke }) => {
    const variants = Object.entries(await makeVariants(node)).map(([what, make]) => ({
      what,
      make,
      starts: [] as Start[],
    }))
    for (let turn = 0; turn < (isSmoke ? 1 : 20); turn++)
      for (const [index, { make, starts }] of variants.entries())
        starts.push(await measure(node, make(`start-${turn}-${index}`)))
    const [bare, ...injected] = variants
    if (!bare) return []
    return [...figures(bare), ...injected.flatMap((variant) => figures(variant, bare.starts))]
  }

/** Starts pods while the vault is down, and ends the outage after the `postStart` hook has ended. */
export const benchOutages =
  (node: BenchNode): Bench =>
  async ({ isSmoke }) => {
    const { 'no injection': _, ...variants } = await makeVariants(node)
    const starts = Object.entries(variants).map(([what, make]) => ({
      what,
      make,
      handoverMs: [] as number[],
    }))
    for (let turn = 0; turn < (isSmoke ? 1 : 5); turn++)
      for (const [index, { make, handoverMs }] of starts.entries()) {
        await node.control('/faults', { match: {}, action: { kind: 'status', status: 503 } })
        const started = measure(node, make(`outage-${turn}-${index}`))
        await delay(8_000 + Math.random() * 4_000)
        await node.clearFaults()
        handoverMs.push((await started).handoverMs ?? Number.NaN)
      }
    return starts.map(({ what, handoverMs }) => ({ what, value: inWords(handoverMs) }))
  }

async function measure(node: BenchNode, pod: KubeObject): Promise<Start> {
  // The kubelet syncs pods once a second. Starts should fall at a random point of that second.
  await delay(Math.random() * 1_000)
  const { createdMs, status } = await node.start(pod)
  const [app] = await node.lines(pod, 'app')
  const [agent] = status.initContainerStatuses ?? []
  const appMs = app?.atMs ?? Number.NaN
  const start = { totalMs: appMs - createdMs }
  if (!agent) {
    await node.remove(pod)
    return start
  }
  const { startedMs } = node.times(agent.containerID ?? '')
  const written = (await node.lines(pod, agent.name)).find(({ text }) =>
    text.includes('all files written'),
  )
  const writtenMs = written?.atMs ?? Number.NaN
  await node.remove(pod)
  return {
    ...start,
    kubeletMs: startedMs - createdMs,
    agentMs: writtenMs - startedMs,
    handoverMs: appMs - writtenMs,
  }
}

const parts = {
  totalMs: 'in all',
  kubeletMs: 'to the agent’s start',
  agentMs: 'to everything written',
  handoverMs: 'to the app’s first instruction',
} as const satisfies Readonly<Record<keyof Start, string>>

/** @param bare - the starts of pods without us, to compare with */
function figures(
  { what, starts }: { readonly what: string; readonly starts: readonly Start[] },
  bare?: readonly Start[],
): Figure[] {
  const total = (of: readonly Start[]) => median(of.map(({ totalMs }) => totalMs))
  return (Object.keys(parts) as (keyof Start)[]).flatMap((part) => {
    const times = starts.flatMap((start) => start[part] ?? [])
    if (times.length === 0) return []
    const figure = { what: `${what}, ${parts[part]}`, value: inWords(times) }
    const isCompared = bare && part === 'totalMs'
    return isCompared ? [{ ...figure, ratios: { time: total(starts) / total(bare) } }] : [figure]
  })
}

/** @param refresh - the refresh interval; without it the pod has no agent */
const pod = (name: string, refresh?: string): KubeObject =>
  benchPod({
    name,
    annotations: refresh === undefined ? {} : { secrets: 'shared-token', refresh },
    commands: 'echo started; trap exit TERM; sleep infinity & wait',
  })

import { setTimeout as delay } from 'node:timers/promises'
import { agentRoot, currentSetLink, filesFolder } from '../../../../delivery/contract.ts'
import type { Bench, Figure } from '../../../bench/bench.ts'
import type { KubeObject } from '../../client/api.ts'
import type { Cluster } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
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

type MakePod = (cluster: Cluster, name: string) => Promise<KubeObject>

const variants: Readonly<Record<string, MakePod>> = {
  'no injection': async (_, name) => pod(name),
  'init container': async (_, name) => pod(name, '0'),
  'sidecar, startup probe': async (_, name) => pod(name, '5m'),
  'sidecar, postStart hook': withHook,
}

/** Starts pods one at a time, and alternates between the variants. */
export const benchStarts =
  (node: BenchNode): Bench =>
  async ({ isSmoke }) => {
    const starts = Object.entries(variants).map(([what, make]) => ({
      what,
      make,
      all: [] as Start[],
    }))
    for (let turn = 0; turn < (isSmoke ? 1 : 20); turn++)
      for (const [index, { make, all }] of starts.entries())
        all.push(await measure(node, await make(node.cluster, `start-${turn}-${index}`)))
    return starts.flatMap(({ what, all }) => figures(what, all))
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

const figures = (what: string, all: readonly Start[]): Figure[] =>
  (Object.keys(parts) as (keyof Start)[]).flatMap((part) => {
    const times = all.flatMap((start) => start[part] ?? [])
    return times.length > 0 ? [{ what: `${what}, ${parts[part]}`, value: inWords(times) }] : []
  })

/** @param refresh - the refresh interval; without it the pod has no agent */
const pod = (name: string, refresh?: string): KubeObject =>
  benchPod({
    name,
    annotations: refresh === undefined ? {} : { secrets: 'shared-token', refresh },
    commands: 'echo started; trap exit TERM; sleep infinity & wait',
  })

/**
 * The alternative that was not adopted (docs/performance.md): a hook that waits for the files, instead of the probe. It is a
 * second Node process. The pod has no annotations, because the webhook would add the probe again.
 */
async function withHook(cluster: Cluster, name: string): Promise<KubeObject> {
  const { body } = expectSuccess(await cluster.create(pod(name, '5m'), { dryRun: true }))
  const { initContainers = [], ...spec } = body['spec'] as { readonly initContainers?: object[] }
  const [{ startupProbe: _, ...agent }] = initContainers as [{ readonly startupProbe: object }]
  const lifecycle = { postStart: { exec: { command: ['/usr/local/bin/node', '-e', waits] } } }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { ...spec, initContainers: [{ ...agent, lifecycle }] },
  }
}

const folder = `${agentRoot}/${filesFolder}`
const waits = `const { existsSync, watch } = require('fs')
const look = () => existsSync('${folder}/${currentSetLink}') && process.exit()
watch('${folder}', look)
look()`

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { connect, type KubeObject } from '../../client/api.ts'
import { type Cluster, clusterOf, until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import type { NodeEnvironment } from '../harness/node-environment.ts'
import type { RunningPod } from '../harness/open-node.ts'

/** The node of `npm run cluster:bench`. All times come from one clock, in ms since 1970. */
export interface BenchNode {
  readonly cluster: Cluster
  /** Creates a pod and resolves when all its containers run and are ready. */
  start(pod: KubeObject): Promise<StartedPod>
  /** Deletes the pod, and resolves when it is gone. */
  remove(pod: KubeObject): Promise<void>
  readStatus(pod: KubeObject): Promise<RunningPod['status']>
  /** Returns the log of a container since its last start. */
  lines(pod: KubeObject, container: string): Promise<readonly Line[]>
  /** Switches the webhook between the two ways in which containers wait for a refreshing agent. */
  setFastStart(isOn: boolean): Promise<void>
  /** Posts to a path of the emulator's control endpoint, such as `/rotate` or `/faults`. */
  control(path: string, body: object): Promise<void>
  clearFaults(): Promise<void>
  exec(pod: KubeObject, container: string, ...command: readonly string[]): Promise<void>
  times(containerId: string): ContainerTimes
}

export interface StartedPod {
  readonly createdMs: number
  readonly status: RunningPod['status']
}

export interface Line {
  readonly atMs: number
  readonly text: string
}

export interface ContainerTimes {
  readonly startedMs: number
  /** 0 while the container runs. */
  readonly finishedMs: number
}

/** @throws Error outside `npm run cluster:bench` */
export function benchNode(env = process.env): BenchNode {
  const { CLUSTER_NODE, KUBECONFIG } = env
  if (!CLUSTER_NODE || !KUBECONFIG)
    throw new Error('this bench needs a node: npm run cluster:bench')
  const { kubectl, containerd, vault } = JSON.parse(CLUSTER_NODE) as NodeEnvironment
  const cluster = clusterOf(connect(KUBECONFIG))
  const run = async (...args: readonly string[]) =>
    (await promisify(execFile)(kubectl, args)).stdout
  const readStatus = async (pod: KubeObject) =>
    expectSuccess(await cluster.get(pod)).body['status'] as RunningPod['status']
  return {
    cluster,
    readStatus,
    async start(pod) {
      const createdMs = Date.now()
      expectSuccess(await cluster.create(pod))
      await until(async () => isRunning(await readStatus(pod)), startTimeoutMs)
      return { createdMs, status: await readStatus(pod) }
    },
    remove: async (pod) => void (await run('delete', 'pod', ...named(pod))),
    lines: async (pod, container) =>
      readLines(await run('logs', ...named(pod), '-c', container, '--timestamps')),
    async setFastStart(isOn) {
      const webhook = ['deployment/akv-injector-webhook', '--namespace=akv-injector']
      await run('set', 'env', ...webhook, `AKV_INJECTOR_AGENT_FAST_START=${isOn}`)
      await run('rollout', 'status', ...webhook, '--timeout=120s')
    },
    control: async (path, body) => {
      const url = `${vault.controlUrl}${path}`
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
      if (!response.ok)
        throw new Error(`${url} answers ${response.status}: ${await response.text()}`)
    },
    clearFaults: async () => void (await fetch(`${vault.controlUrl}/faults`, { method: 'DELETE' })),
    exec: async (pod, container, ...command) =>
      void (await run('exec', ...named(pod), '-c', container, '--', ...command)),
    times: (containerId) => containerTimes(dirname(containerd), containerId),
  }
}

const isRunning = ({ phase, containerStatuses = [] }: RunningPod['status']) =>
  phase === 'Running' && containerStatuses.every(({ ready }) => ready)

const named = ({ metadata: { namespace = 'default', name = '' } }: KubeObject) => [
  name,
  `--namespace=${namespace}`,
]

/** Parses the kubelet's time stamp of each line. */
const readLines = (said: string): Line[] =>
  said
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [time = ''] = line.split(' ', 1)
      return { atMs: Date.parse(time), text: line.slice(time.length + 1) }
    })

/** Reads the times from containerd, because a pod's status has only whole seconds. */
function containerTimes(folder: string, containerId: string): ContainerTimes {
  const [, id = ''] = containerId.split('://')
  const records = join(folder, 'containerd/io.containerd.grpc.v1.cri/containers')
  const record = JSON.parse(readFileSync(join(records, id, 'status'), 'utf8')) as Nanoseconds
  return { startedMs: record.StartedAt / 1e6, finishedMs: record.FinishedAt / 1e6 }
}

type Nanoseconds = Readonly<Record<'StartedAt' | 'FinishedAt', number>>

const startTimeoutMs = 120_000

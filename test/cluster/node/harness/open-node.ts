import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { parseAllDocuments } from 'yaml'
import type { KubeObject } from '../../client/api.ts'
import { type Cluster, openCluster, until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import type { NodeEnvironment } from './node-environment.ts'
import { vaultNamespaces } from './vault-data.ts'

/** What the tests do with pods that run. */
export interface OpenNode {
  readonly environment: NodeEnvironment
  readonly cluster: Cluster
  /**
   * A namespace of the test's own, with a service account `web` that may sign in as the examples' identity. It goes
   * when the test ends.
   */
  namespace(labels?: Readonly<Record<string, string>>): Promise<string>
  /** Applies objects, which go when the test ends. */
  apply(...objects: readonly KubeObject[]): Promise<void>
  /** The pods with this label, once there are so many. */
  pods(query: PodsQuery): Promise<readonly [RunningPod, ...RunningPod[]]>
  /** Waits until a pod is like that; what it is then. */
  untilPod(pod: KubeObject, isSo: (pod: RunningPod) => boolean): Promise<RunningPod>
  /** What a command in a container writes to its standard output. */
  exec(pod: KubeObject, container: string, ...command: readonly string[]): Promise<string>
  logs(pod: KubeObject, container: string): Promise<string>
  describe(object: KubeObject): Promise<string>
  /** @returns what it writes to its standard output, as it is */
  kubectl(...args: readonly string[]): Promise<string>
  /** Posts to the emulator's control end point, such as `/rotate` or `/faults`. */
  control(path: string, body: object): Promise<unknown>
  /** Ends all faults of the emulator. */
  clearFaults(): Promise<unknown>
}

export interface PodsQuery {
  readonly namespace: string
  /** `key=value` */
  readonly selector: string
  readonly count: number
}

export interface RunningPod extends KubeObject {
  readonly status: {
    readonly phase: string
    readonly podIP?: string
    readonly startTime?: string
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
    readonly qosClass?: string
  }
}

export interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  readonly started?: boolean
  readonly restartCount: number
  /** `containerd://…` */
  readonly containerID?: string
  readonly state: ContainerState
  readonly lastState: ContainerState
}

export interface ContainerState {
  readonly waiting?: { readonly reason: string; readonly message?: string }
  readonly running?: { readonly startedAt: string }
  readonly terminated?: {
    readonly exitCode: number
    readonly reason: string
    readonly message?: string
    readonly startedAt: string
    readonly finishedAt: string
  }
}

/** What a container may take to start, where the machine is busy. */
export const podTimeoutMs = 120_000

/** The node of `npm run cluster:test`. */
export function openNode(t: Test, env = process.env): OpenNode {
  const { CLUSTER_NODE } = env
  if (!CLUSTER_NODE)
    throw new Error('these tests need a node: npm run cluster:test -- test/cluster/node/FILE')
  const environment = JSON.parse(CLUSTER_NODE) as NodeEnvironment
  const cluster = openCluster(t, env)
  const kubectl = (...args: readonly string[]) => run(environment.kubectl, args)
  return {
    environment,
    cluster,
    kubectl,
    namespace: (labels = {}) => claimNamespace(t, cluster, labels),
    async apply(...objects) {
      for (const object of objects) {
        expectSuccess(await cluster.apply(object))
        t.teardown(() => cluster.delete(object))
      }
    },
    pods: (query) => findPods(cluster, query),
    untilPod: (pod, isSo) => untilPod(cluster, pod, isSo),
    exec: (pod, container, ...command) =>
      kubectl('exec', ...named(pod), '-c', container, '--', ...command),
    logs: (pod, container) => kubectl('logs', ...named(pod), '-c', container),
    describe: (object) => kubectl('describe', object.kind.toLowerCase(), ...named(object)),
    control: (path, body) => post(`${environment.vault.controlUrl}${path}`, body),
    clearFaults: () => fetch(`${environment.vault.controlUrl}/faults`, { method: 'DELETE' }),
  }
}

/** The objects of an example, as they stand. */
export const example = (name: string): KubeObject[] =>
  parseAllDocuments(readFileSync(join(examples, `${name}.yaml`), 'utf8')).map((document) =>
    document.toJS(),
  )

export const isRunning = ({ status }: RunningPod): boolean =>
  status.phase === 'Running' && (status.containerStatuses ?? []).every(({ ready }) => ready)

export const hasEnded = ({ status }: RunningPod): boolean =>
  status.phase === 'Succeeded' || status.phase === 'Failed'

/** @throws Error with the pod's statuses, when it isn't so in two minutes */
async function untilPod(
  cluster: Cluster,
  pod: KubeObject,
  isSo: (pod: RunningPod) => boolean,
): Promise<RunningPod> {
  let found: RunningPod | undefined
  await until(async () => {
    const { status, body } = await cluster.get(pod)
    found = status === 200 ? (body as unknown as RunningPod) : undefined
    return found !== undefined && isSo(found)
  }, podTimeoutMs).catch((error: Error) => {
    throw new Error(`${error.message}\n${JSON.stringify(found?.status, undefined, 1)}`)
  })
  return found as unknown as RunningPod
}

async function findPods(
  cluster: Cluster,
  { namespace, selector, count }: PodsQuery,
): Promise<readonly [RunningPod, ...RunningPod[]]> {
  const [key = '', value] = selector.split('=')
  let found: readonly KubeObject[] = []
  await until(async () => {
    const all = await cluster.list({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace } })
    found = all.filter(({ metadata }) => {
      const { labels } = metadata as { labels?: Readonly<Record<string, string>> }
      return labels?.[key] === value
    })
    return found.length === count
  }, podTimeoutMs)
  // Objects of a list don't say what they are.
  return found.map((pod) => ({ ...pod, apiVersion: 'v1', kind: 'Pod' })) as unknown as [
    RunningPod,
    ...RunningPod[],
  ]
}

async function claimNamespace(
  t: Test,
  cluster: Cluster,
  labels: Readonly<Record<string, string>>,
): Promise<string> {
  for (const name of vaultNamespaces) {
    const namespace: KubeObject = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    }
    if ((await cluster.create(namespace)).status === 409) continue
    t.teardown(() => cluster.delete(namespace))
    const account = { namespace: name, name: 'web', annotations: { [clientIdKey]: webClientId } }
    expectSuccess(
      await cluster.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account }),
    )
    return name
  }
  throw new Error(`none of the ${vaultNamespaces.length} namespaces is free`)
}

async function post(url: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  const answer = await response.json()
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${JSON.stringify(answer)}`)
  return answer
}

async function run(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 16 * 1024 * 1024 })
  return stdout
}

const named = ({ metadata: { namespace = 'default', name = '' } }: KubeObject) => [
  name,
  `--namespace=${namespace}`,
]

const clientIdKey = 'azure.workload.identity/client-id'
const webClientId = '22222222-2222-2222-2222-222222222222'
const examples = join(import.meta.dirname, '../../../../manifests/examples')

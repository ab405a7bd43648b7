import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import type { KubeObject } from '../../client/api.ts'
import { callPatiently } from '../../client/call-patiently.ts'
import { type Cluster, openCluster, until, untilDefaultAccount } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import type { NodeEnvironment } from './node-environment.ts'
import { vaultNamespaces } from './vault-data.ts'

/** The node, and what tests do with the pods on it. */
export interface OpenNode {
  readonly environment: NodeEnvironment
  readonly cluster: Cluster
  /**
   * Creates a namespace with a service account `web`, which can sign in as the examples' identity, and deletes it when
   * the test ends.
   */
  namespace(labels?: Readonly<Record<string, string>>): Promise<string>
  /** Creates an object as {@link Cluster} does, and repeats what a busy machine was too slow for. Nothing deletes it. */
  create: Cluster['create']
  /** Applies objects, and deletes them when the test ends. */
  apply(...objects: readonly KubeObject[]): Promise<void>
  /** Waits until there are `count` pods with this label, and returns them. */
  pods(query: PodsQuery): Promise<readonly [RunningPod, ...RunningPod[]]>
  /** Waits until a condition is true of a pod, and returns the pod. */
  untilPod(pod: KubeObject, condition: (pod: RunningPod) => boolean): Promise<RunningPod>
  /** Runs a command in a container, and returns its standard output. */
  exec(pod: KubeObject, container: string, ...command: readonly string[]): Promise<string>
  logs(pod: KubeObject, container: string): Promise<string>
  describe(object: KubeObject): Promise<string>
  /** @returns the standard output, untrimmed */
  kubectl(...args: readonly string[]): Promise<string>
  /** Posts to a path of the emulator's control endpoint, such as `/rotate` or `/faults`. */
  control(path: string, body: object): Promise<unknown>
  /** Removes all faults from the emulator. */
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
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
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

/** The time that a container may take to start on a busy machine. */
export const podTimeoutMs = 120_000

/** Connects to the node of `npm run cluster:test`. */
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
    create: (object, options) => callPatiently(() => cluster.create(object, options)),
    async apply(...objects) {
      for (const object of objects) {
        expectSuccess(await callPatiently(() => cluster.apply(object)))
        t.teardown(() => cluster.delete(object))
      }
    },
    pods: (query) => findPods(cluster, query),
    untilPod: (pod, condition) => untilPod(cluster, pod, condition),
    exec: (pod, container, ...command) =>
      kubectl('exec', ...named(pod), '-c', container, '--', ...command),
    logs: (pod, container) => kubectl('logs', ...named(pod), '-c', container),
    describe: (object) => kubectl('describe', object.kind.toLowerCase(), ...named(object)),
    control: (path, body) => post(`${environment.vault.controlUrl}${path}`, body),
    clearFaults: () => fetch(`${environment.vault.controlUrl}/faults`, { method: 'DELETE' }),
  }
}

export const isRunning = ({ status }: RunningPod): boolean =>
  status.phase === 'Running' && (status.containerStatuses ?? []).every(({ ready }) => ready)

export const hasEnded = ({ status }: RunningPod): boolean =>
  status.phase === 'Succeeded' || status.phase === 'Failed'

/** @throws Error with the pod's status if the condition isn't true within two minutes */
async function untilPod(
  cluster: Cluster,
  pod: KubeObject,
  condition: (pod: RunningPod) => boolean,
): Promise<RunningPod> {
  let found: RunningPod | undefined
  await until(async () => {
    const { status, body } = await cluster.get(pod)
    found = status === 200 ? (body as unknown as RunningPod) : undefined
    return found !== undefined && condition(found)
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
  // The objects in a list have no apiVersion and kind.
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
    await untilDefaultAccount(cluster, name)
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

import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { type Answer, type Api, connect, type KubeObject } from './api.ts'

export interface WriteOptions {
  readonly dryRun?: boolean
  /** The user to act as. */
  readonly as?: string
}

/** What the tests do to a cluster. Refusals are answers like others: `must` makes errors of them. */
export interface Cluster {
  create(object: KubeObject, options?: WriteOptions): Promise<Answer>
  /** Server-side apply, as the field manager `cluster-tests`. */
  apply(object: KubeObject, options?: WriteOptions): Promise<Answer>
  get(object: KubeObject): Promise<Answer>
  /** All objects of this one's kind and namespace. */
  list(object: KubeObject): Promise<readonly KubeObject[]>
  delete(object: KubeObject): Promise<Answer>
  close(): void
}

/** The cluster of `npm run cluster:test`, which may be a foreign one. */
export function openCluster(t: Test, env = process.env): Cluster {
  const { KUBECONFIG } = env
  if (!KUBECONFIG)
    throw new Error('these tests need a cluster: npm run cluster:test -- test/cluster/FILE')
  endWithParent()
  const cluster = clusterOf(connect(KUBECONFIG))
  t.teardown(() => cluster.close())
  return cluster
}

/** A tap that is killed leaves its tests running, which would try a cluster that has gone until their time is up. */
function endWithParent(): void {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1)
  }, 1_000).unref()
}

export function clusterOf(api: Api): Cluster {
  const resources = new Map<string, Promise<readonly Resource[]>>()
  const pathOf = async ({ apiVersion, kind, metadata }: KubeObject) => {
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
    const known = resources.get(base) ?? discover(api, base)
    resources.set(base, known)
    const found = (await known).find((resource) => resource.kind === kind)
    if (!found) throw new Error(`the cluster knows no ${kind} in ${apiVersion}`)
    const { namespace = 'default' } = metadata
    const collection = found.namespaced
      ? `${base}/namespaces/${namespace}/${found.name}`
      : `${base}/${found.name}`
    return { collection, object: `${collection}/${metadata.name}` }
  }
  const query = ({ dryRun }: WriteOptions) => ({ ...(dryRun && { dryRun: 'All' }) })
  const acting = ({ as }: WriteOptions) => ({ ...(as && { as }) })
  return {
    close: () => api.close(),
    create: async (body, options = {}) =>
      api.call({
        method: 'POST',
        path: (await pathOf(body)).collection,
        query: query(options),
        body,
        ...acting(options),
      }),
    apply: async (body, options = {}) =>
      api.call({
        method: 'PATCH',
        path: (await pathOf(body)).object,
        query: { ...query(options), fieldManager: 'cluster-tests', force: 'true' },
        body,
        // Every JSON document is a YAML one.
        contentType: 'application/apply-patch+yaml',
        ...acting(options),
      }),
    get: async (object) => api.call({ method: 'GET', path: (await pathOf(object)).object }),
    list: async (object) => {
      const { body } = must(
        await api.call({ method: 'GET', path: (await pathOf(object)).collection }),
      )
      return body['items'] as readonly KubeObject[]
    },
    delete: async (object) =>
      api.call({
        method: 'DELETE',
        path: (await pathOf(object)).object,
        query: { propagationPolicy: 'Background', gracePeriodSeconds: '0' },
      }),
  }
}

interface Resource {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
}

async function discover(api: Api, path: string): Promise<readonly Resource[]> {
  const { body } = must(await api.call({ method: 'GET', path }))
  // Subresources of that kind come after it, such as pods/ephemeralcontainers.
  return (body['resources'] as Resource[]).filter(({ name }) => !name.includes('/'))
}

/** @throws Error with the API server's sentence, for a call that has to succeed */
export function must(answer: Answer): Answer {
  if (answer.status < 300) return answer
  throw new Error(`the API server answers ${answer.status}: ${answer.body.message}`)
}

/** A namespace of the test's own, ready for pods; it goes when the test ends. */
export async function testNamespace(
  t: Test,
  cluster: Cluster,
  labels: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { body } = must(
    await cluster.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { generateName: 'akv-injector-test-', labels },
    }),
  )
  const { name = '' } = body.metadata
  t.teardown(() => cluster.delete(body))
  // Until the controller has made it, pods are refused for want of their service account.
  await untilFound(cluster, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: name },
  })
  return name
}

const untilFound = (cluster: Cluster, object: KubeObject): Promise<unknown> =>
  until(async () => (await cluster.get(object)).status === 200)

/**
 * Waits for what will be true soon.
 *
 * @throws Error after half a minute
 */
export async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`not so in 30 s: ${isTrue}`)
    await delay(50)
  }
}

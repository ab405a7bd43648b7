import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { slowness } from '../../support/start-fast/end-hangs.ts'
import { type Answer, type Api, connect, type KubeObject } from './api.ts'
import { expectSuccess } from './expect-success.ts'
import { resourcePaths } from './resource-paths.ts'

export interface WriteOptions {
  readonly dryRun?: boolean
  /** Whether the API server refuses fields that it doesn't know. */
  readonly isStrict?: boolean
  /** The user to impersonate. */
  readonly as?: string
  /** The field manager of {@link Cluster.apply}; by default `cluster-tests`. */
  readonly fieldManager?: string
}

/** A client of the cluster. A call that the API server refuses resolves too; `expectSuccess` turns it into an error. */
export interface Cluster {
  create(object: KubeObject, options?: WriteOptions): Promise<Answer>
  /** Server-side apply that takes fields from other managers, as with `--force-conflicts`. */
  apply(object: KubeObject, options?: WriteOptions): Promise<Answer>
  get(object: KubeObject): Promise<Answer>
  /** Lists the objects of the same kind in the same namespace: all, or those that a selector such as `a=b,c` selects. */
  list(object: KubeObject, labelSelector?: string): Promise<readonly KubeObject[]>
  delete(object: KubeObject): Promise<Answer>
  /** Adds an ephemeral container to a pod, as `kubectl debug` does. */
  debug(pod: KubeObject, container: object): Promise<Answer>
  /** Requests a token of a service account, as the kubelet does for a projected volume. */
  token(account: KubeObject, audience: string): Promise<string>
  /** Returns the issuer of service account tokens. */
  issuer(): Promise<string>
  /** Returns the API server's version without the patch release: `1.36`. */
  version(): Promise<string>
  close(): void
}

/** Connects to the cluster of `npm run cluster:test`, which `KUBECONFIG` names. */
export function openCluster(t: Test, env = process.env): Cluster {
  const { KUBECONFIG } = env
  if (!KUBECONFIG)
    throw new Error('these tests need a cluster: npm run cluster:test -- test/cluster/FILE')
  endWithParent()
  const cluster = clusterOf(connect(KUBECONFIG))
  t.teardown(() => cluster.close())
  return cluster
}

/** If tap is killed, its tests go on, and would call a cluster that no longer exists until they time out. */
function endWithParent(): void {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1)
  }, 1_000).unref()
}

export function clusterOf(api: Api): Cluster {
  const pathOf = resourcePaths(api)
  return {
    close: () => api.close(),
    create: async (body, options = {}) =>
      api.call({
        method: 'POST',
        path: (await pathOf(body)).collection,
        body,
        ...queryAndUser(options),
      }),
    apply: async (body, options = {}) =>
      api.call({
        method: 'PATCH',
        path: (await pathOf(body)).object,
        body,
        // JSON is valid YAML.
        contentType: 'application/apply-patch+yaml',
        ...queryAndUser(options, {
          fieldManager: options.fieldManager ?? 'cluster-tests',
          force: 'true',
        }),
      }),
    get: async (object) => api.call({ method: 'GET', path: (await pathOf(object)).object }),
    list: async (object, labelSelector = '') => {
      const path = (await pathOf(object)).collection
      return expectSuccess(await api.call({ method: 'GET', path, query: { labelSelector } })).body[
        'items'
      ] as readonly KubeObject[]
    },
    delete: async (object) =>
      api.call({
        method: 'DELETE',
        path: (await pathOf(object)).object,
        query: { propagationPolicy: 'Background', gracePeriodSeconds: '0' },
      }),
    debug: async (pod, container) =>
      addEphemeralContainer(api, { path: (await pathOf(pod)).object, container }),
    token: async (account, audience) =>
      requestToken(api, { path: `${(await pathOf(account)).object}/token`, audience }),
    issuer: () => readIssuer(api),
    version: () => readVersion(api),
  }
}

const queryAndUser = (
  { dryRun, isStrict, as }: WriteOptions,
  query: Readonly<Record<string, string>> = {},
) => ({
  query: {
    ...query,
    ...(dryRun && { dryRun: 'All' }),
    ...(isStrict && { fieldValidation: 'Strict' }),
  },
  ...(as && { as }),
})

const addEphemeralContainer = (
  api: Api,
  { path, container }: { readonly path: string; readonly container: object },
): Promise<Answer> =>
  api.call({
    method: 'PATCH',
    path: `${path}/ephemeralcontainers`,
    body: { spec: { ephemeralContainers: [container] } },
    contentType: 'application/strategic-merge-patch+json',
  })

async function readIssuer(api: Api): Promise<string> {
  const path = '/.well-known/openid-configuration'
  return String(expectSuccess(await api.call({ method: 'GET', path })).body['issuer'])
}

async function readVersion(api: Api): Promise<string> {
  const { body } = expectSuccess(await api.call({ method: 'GET', path: '/version' }))
  // Some vendors write the minor version as "33+".
  return `${body['major']}.${String(body['minor']).replace('+', '')}`
}

async function requestToken(
  api: Api,
  { path, audience }: { readonly path: string; readonly audience: string },
): Promise<string> {
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [audience], expirationSeconds: 3600 },
  }
  const answer = expectSuccess(await api.call({ method: 'POST', path, body }))
  return (answer.body['status'] as { token: string }).token
}

/** Creates a namespace that is ready for pods, and deletes it when the test ends. */
export async function testNamespace(
  t: Test,
  cluster: Cluster,
  labels: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { body } = expectSuccess(
    await cluster.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { generateName: 'akv-injector-test-', labels },
    }),
  )
  const { name = '' } = body.metadata
  t.teardown(() => cluster.delete(body))
  await untilDefaultAccount(cluster, name)
  return name
}

/** The API server refuses pods until a controller has created this service account. */
export const untilDefaultAccount = (cluster: Cluster, namespace: string): Promise<void> => {
  const metadata = { name: 'default', namespace }
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata }
  return until(async () => (await cluster.get(account)).status === 200)
}

/**
 * Polls a condition until it is true. It is asked once more when the time is over, because the machine may have paused.
 *
 * @param timeoutMs - 30 seconds by default. A busy machine has as much longer as others take of it.
 * @throws Error if the condition isn't true in time
 */
export async function until(isTrue: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  let leftMs = timeoutMs
  let lastMs = performance.now()
  for (;;) {
    const isLast = leftMs < 0
    if (await isTrue()) return
    if (isLast) throw new Error(`not true within ${timeoutMs / 1000} s: ${isTrue}`)
    const nowMs = performance.now()
    leftMs -= (nowMs - lastMs) / slowness()
    lastMs = nowMs
    await delay(50)
  }
}

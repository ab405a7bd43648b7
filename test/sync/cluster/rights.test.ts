import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { tokenAudience } from '../../../lib/azure/token-audience.ts'
import { syncRolesFor } from '../../../repository/rbac/role.ts'
import { connectCluster } from '../../../sync/cluster/api-server.ts'
import type { CustomKind, SyncCluster, WatchOptions } from '../../../sync/cluster/cluster-port.ts'
import { type Manifest, readRendered } from '../../manifests/rendered.ts'
import type { ApiRequest } from '../../support/api-server/answer-request.ts'
import { startApiServer } from '../../support/api-server/start-api-server.ts'

/** Tests that the chart and a team's Role grant the controller what its requests need, and nothing else. */

const namespace = 'team-a'
const account = { namespace, name: 'web', uid: 'u', annotations: {} }
const db = { namespace, name: 'db' }
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { ...db, labels: {}, annotations: {}, ownerReferences: [] },
  type: 'Opaque',
  data: {},
} as const
const event = { account, type: 'Normal', reason: 'Synced', message: 'm' } as const
const watching = {
  namespace,
  resourceVersion: '1',
  onObject: () => undefined,
  onGone: () => undefined,
  signal: new AbortController().signal,
} satisfies WatchOptions<never>

type Ask = (cluster: SyncCluster) => Promise<unknown>

const list =
  (kind: CustomKind, scope = namespace): Ask =>
  ({ objectsOf }) =>
    objectsOf[kind].list(scope)
const watch =
  (kind: CustomKind, scope = namespace): Ask =>
  ({ objectsOf }) =>
    objectsOf[kind].watch({ ...watching, namespace: scope })
const writeStatus =
  (kind: 'ExternalSecret' | 'SecretStore'): Ask =>
  (cluster) =>
    cluster.writeReadyStatus({ kind, ...db, uid: 'u' }, undefined)

/** Each right, and the calls that need it. */
const calls: Readonly<Record<string, readonly Ask[]>> = {
  'list namespaces': [(cluster) => cluster.namespaces.list(''), (cluster) => cluster.ping()],
  'watch namespaces': [(cluster) => cluster.namespaces.watch({ ...watching, namespace: '' })],
  'create selfsubjectrulesreviews': [(cluster) => cluster.reviewRules(namespace)],
  'create selfsubjectaccessreviews': [
    (cluster) => cluster.reviewAccess(namespace, { verb: 'get', group: '', resource: 'secrets' }),
  ],
  'list serviceaccounts': [(cluster) => cluster.accounts.list(namespace)],
  'watch serviceaccounts': [(cluster) => cluster.accounts.watch(watching)],
  'patch serviceaccounts': [(cluster) => cluster.writeStatus(account, 'db: ready')],
  'create serviceaccounts/token': [(cluster) => cluster.requestToken(account, tokenAudience)],
  'get secrets': [(cluster) => cluster.readSecret(db)],
  'create secrets': [(cluster) => cluster.createSecret(secret)],
  'patch secrets': [
    (cluster) => cluster.applySecret(secret, { force: false }),
    (cluster) => cluster.claimSecret(db, []),
  ],
  'delete secrets': [(cluster) => cluster.deleteSecret(db, 'u')],
  'create events': [(cluster) => cluster.createEvent(event)],
  'list secretproviderclasses': [list('SecretProviderClass')],
  'watch secretproviderclasses': [watch('SecretProviderClass')],
  'list externalsecrets': [list('ExternalSecret')],
  'watch externalsecrets': [watch('ExternalSecret')],
  'patch externalsecrets/status': [writeStatus('ExternalSecret')],
  'list secretstores': [list('SecretStore')],
  'watch secretstores': [watch('SecretStore')],
  'patch secretstores/status': [writeStatus('SecretStore')],
  'list clustersecretstores': [list('ClusterSecretStore', '')],
  'watch clustersecretstores': [watch('ClusterSecretStore', '')],
  'patch clustersecretstores/status': [
    (cluster) =>
      cluster.writeReadyStatus(
        { kind: 'ClusterSecretStore', namespace: '', name: 'db', uid: 'u' },
        undefined,
      ),
  ],
}
/** Every account may ask the API server which kinds it has. */
const unrestricted: Ask = (cluster) => cluster.servesKind('ExternalSecret')

const pathPattern =
  /^(?:\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/[^/]+)?\/(?<resource>[^/]+)(?:\/(?<name>[^/]+)(?<subresource>\/[^/]+)?)?$/

/** The right that a request needs, as RBAC names it. Undefined for a question about kinds. */
function rightOf({ method, path }: ApiRequest): string | undefined {
  const { resource, name, subresource = '' } = pathPattern.exec(path)?.groups ?? {}
  if (resource === undefined) return undefined
  const verb = {
    GET: name === undefined ? 'list' : 'get',
    WATCH: 'watch',
    POST: 'create',
    PATCH: 'patch',
    PUT: 'update',
    DELETE: name === undefined ? 'deletecollection' : 'delete',
  }[method]
  return `${verb} ${resource}${subresource}`
}

async function start() {
  const apiServer = await startApiServer(t)
  // The requests are sent, and nobody answers them.
  apiServer.before = () => [403, { kind: 'Status', code: 403 }]
  process.env['KUBECONFIG'] = apiServer.kubeconfigFile
  const abort = new AbortController()
  t.teardown(() => abort.abort())
  const used = new Set<string | symbol>()
  // Roll-outs make their requests through the services, with rights of their own.
  const { services: _, ...connected } = connectCluster({ signal: abort.signal })
  const cluster = new Proxy(connected, {
    get(target, name: keyof SyncCluster) {
      used.add(name)
      return target[name]
    },
  })
  const rightsOf = async (ask: Ask) => {
    const before = apiServer.requests.length
    await ask(cluster).catch(() => undefined)
    return apiServer.requests.slice(before).map(rightOf)
  }
  return { rightsOf, unused: () => Object.keys(connected).filter((name) => !used.has(name)) }
}

t.test('each right is needed by a call, and each call has its right', async (t) => {
  const { rightsOf, unused } = await start()
  for (const [right, asks] of Object.entries(calls))
    for (const ask of asks) t.strictSame(await rightsOf(ask), [right])
  t.strictSame(await rightsOf(unrestricted), [undefined])
  t.strictSame(await rightsOf(async (cluster) => cluster.serverTimeMs()), [], 'no request')
  t.strictSame(unused(), [], 'every call was made')

  const fixture = join(import.meta.dirname, '../../fixtures/sync/install.yaml')
  const { objects } = readRendered(readFileSync(fixture, 'utf8'))
  const roles = syncRolesFor(namespace, [account.name], {
    watch: 'cluster',
    classes: true,
    externalSecrets: true,
    controllerNamespace: 'akv-injector',
  })
  const rules = [...objects, ...roles]
    .filter(({ kind }: Manifest) => kind === 'Role' || kind === 'ClusterRole')
    .flatMap((role: Manifest) => role.rules)
  const granted = rules.flatMap(({ verbs, resources }: Manifest) =>
    resources.flatMap((resource: string) => verbs.map((verb: string) => `${verb} ${resource}`)),
  )
  t.strictSame([...new Set(granted)].sort(), Object.keys(calls).sort())
})

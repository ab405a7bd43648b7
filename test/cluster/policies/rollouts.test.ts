import t from 'tap'
import { isObject } from '../../../lib/shape.ts'
import type { KubeObject } from '../client/api.ts'
import { until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { plainPod } from '../client/pods.ts'
import { openSyncAccount } from '../sync/harness/sync-account.ts'

/**
 * Tests that the sync controller can change one annotation of a workload's template, and nothing else, although its Role lets it
 * do anything with the workloads of the namespace.
 */
const { cluster, api, controller, namespaces } = await openSyncAccount(t)
const namespace = namespaces.teamA
const restartedAt = 'rollout.akv-injector.io/restarted-at'
const neighbour = `system:serviceaccount:${namespace}:web`
const denied = /ValidatingAdmissionPolicy 'akv-injector-sync-rollouts' .* denied request: The sync/

const role = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'any', namespace } }
const rules = [{ apiGroups: ['apps'], resources: ['*'], verbs: ['*'] }]
const template = {
  metadata: { labels: { app: 'web' }, annotations: { a: 'b' } },
  spec: { ...plainPod().spec, restartPolicy: 'Always' },
}
const workload = (kind: string, spec: object): KubeObject => ({
  ...{ apiVersion: 'apps/v1', kind },
  metadata: { name: 'web', namespace, labels: { app: 'web' }, annotations: { a: 'b' } },
  spec: { selector: { matchLabels: { app: 'web' } }, template, ...spec },
})
const kinds = {
  deployments: workload('Deployment', { replicas: 1, minReadySeconds: 1 }),
  statefulsets: workload('StatefulSet', { replicas: 1, serviceName: 'web' }),
  daemonsets: workload('DaemonSet', {}),
} as const
type Resource = keyof typeof kinds
const resources = Object.keys(kinds) as readonly Resource[]

const pathOf = (resource: string) => `/apis/apps/v1/namespaces/${namespace}/${resource}/web`
const merge = 'application/merge-patch+json'
const patch = (
  resource: string,
  body: object,
  {
    contentType = merge,
    by = controller,
    as,
  }: {
    readonly contentType?: string
    readonly by?: typeof api
    readonly as?: string
  } = {},
) =>
  by.call({
    ...{ method: 'PATCH', path: pathOf(resource), body, contentType },
    query: { fieldManager: 'akv-injector-rollouts' },
    ...(as && { as }),
  })
const read = async (resource: string) =>
  expectSuccess(await api.call({ method: 'GET', path: pathOf(resource) })).body
const setting = (value: string | null, other: object = {}) => ({
  spec: { template: { metadata: { annotations: { [restartedAt]: value, ...other } } } },
})
/** What the workload controllers write while the test runs doesn't count. */
const stable = ({ metadata, spec, apiVersion, kind }: KubeObject) => {
  const { name, labels, annotations, ownerReferences, finalizers } = metadata as KubeObject & {
    readonly annotations?: Readonly<Record<string, string>>
  }
  const {
    'deployment.kubernetes.io/revision': _,
    'deprecated.daemonset.template.generation': __,
    ...rest
  } = annotations ?? {}
  return { apiVersion, kind, name, labels, annotations: rest, ownerReferences, finalizers, spec }
}

t.before(async () => {
  const binding = {
    ...{ ...role, kind: 'RoleBinding' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'any' },
    subjects: [
      { kind: 'ServiceAccount', name: 'akv-injector-sync', namespace: 'akv-injector' },
      { kind: 'ServiceAccount', name: 'web', namespace },
    ],
  }
  for (const object of [{ ...role, kind: 'Role', rules }, binding, ...Object.values(kinds)])
    expectSuccess(await cluster.apply(object))
  await until(async () =>
    denied.test((await patch('deployments', { spec: { paused: true } })).body.message ?? ''),
  )
})

t.test('the controller sets the annotation, under its own field manager', async (t) => {
  for (const resource of resources) {
    const before = await read(resource)
    const { uid, resourceVersion } = before.metadata
    for (const time of ['2026-12-01T12:00:00.000Z', '2026-12-02T12:00:00.000Z']) {
      const { status, body } = await patch(resource, setting(time))
      t.equal(status, 200, body.message ?? '')
    }
    const stale = { ...setting('2026-12-03T12:00:00.000Z'), metadata: { uid, resourceVersion } }
    t.equal((await patch(resource, stale)).status, 409, 'with preconditions')
    const { spec, metadata } = await read(resource)
    t.match(spec, setting('2026-12-02T12:00:00.000Z', { a: 'b' }).spec)
    const managers = metadata['managedFields'] as readonly { readonly manager: string }[]
    t.ok(
      managers.some(({ manager }) => manager === 'akv-injector-rollouts'),
      JSON.stringify(managers),
    )
  }
})

t.test('it takes the annotation over from somebody else', async (t) => {
  expectSuccess(await patch('deployments', setting('2026-12-02T13:00:00.000Z'), { by: api }))
  const byEditor = {
    ...({ method: 'PATCH', path: pathOf('deployments'), contentType: merge } as const),
    body: setting('a lie'),
    query: { fieldManager: 'kubectl-edit' },
  }
  expectSuccess(await api.call(byEditor))
  const { status, body } = await patch('deployments', setting('2026-12-02T14:00:00.000Z'))
  t.equal(status, 200, body.message ?? '')
})

t.test('a template without annotations gets its first one', async (t) => {
  const bare: KubeObject = { ...kinds.deployments, metadata: { name: 'bare', namespace } }
  const { annotations: _, ...metadata } = template.metadata
  const spec = { ...(bare['spec'] as object), template: { ...template, metadata } }
  expectSuccess(await cluster.apply({ ...bare, spec }))
  const { status, body } = await controller.call({
    ...{ method: 'PATCH', path: pathOf('deployments').replace(/web$/, 'bare') },
    ...{ body: setting('2026-12-01T12:00:00.000Z'), contentType: merge },
  })
  t.equal(status, 200, body.message ?? '')
})

const inTemplate = (fields: object) => ({ spec: { template: fields } })
const inPod = (fields: object) => inTemplate({ spec: fields })
const containers = (fields: object) =>
  inPod({ containers: [{ name: 'app', image: 'registry.example/evil:1', ...fields }] })
const changes: Readonly<Record<string, object>> = {
  'a label of the workload': { metadata: { labels: { app: 'other' } } },
  'an annotation of the workload': { metadata: { annotations: { a: 'c' } } },
  'a finalizer': { metadata: { finalizers: ['example.com/held'] } },
  'an owner': {
    metadata: {
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: '1', controller: true }],
    },
  },
  'the history': { spec: { revisionHistoryLimit: 1 } },
  minReadySeconds: { spec: { minReadySeconds: 7 } },
  'a label of the template': inTemplate({ metadata: { labels: { more: 'x' } } }),
  'another annotation': inTemplate({ metadata: { annotations: { a: 'c' } } }),
  'one annotation more': inTemplate({
    metadata: { annotations: { 'akv-injector.io/secrets': 'x' } },
  }),
  'one annotation less': inTemplate({ metadata: { annotations: { a: null } } }),
  'no annotations': inTemplate({ metadata: { annotations: null } }),
  'the image': containers({}),
  'the command': containers({ command: ['sh'] }),
  'a variable': containers({ env: [{ name: 'A', value: 'b' }] }),
  'the account': inPod({ serviceAccountName: 'admin' }),
  'the node': inPod({ nodeName: 'node' }),
  'the host network': inPod({ hostNetwork: true }),
  'the host processes': inPod({ hostPID: true }),
  'a volume': inPod({ volumes: [{ name: 'root', hostPath: { path: '/' } }] }),
  'an init container': inPod({ initContainers: [{ name: 'a', image: 'registry.example/evil:1' }] }),
  'the security context': inPod({ securityContext: { runAsUser: 0 } }),
  'a toleration': inPod({ tolerations: [{ operator: 'Exists' }] }),
  'the runtime class': inPod({ runtimeClassName: 'other' }),
  'no time': setting('now, please'),
  'no annotation any more': setting(null),
  'the annotation and another': setting('2026-12-05T12:00:00.000Z', { more: 'x' }),
}
for (const [what, body] of Object.entries(changes))
  t.test(
    `the controller can’t change ${what}, and another user of the same Role can`,
    async (t) => {
      for (const resource of resources) {
        const before = stable(await read(resource))
        const { status, body: answer } = await patch(resource, body)
        t.equal(status, 422, answer.message ?? '')
        t.match(answer.message, denied)
        t.strictSame(stable(await read(resource)), before)
        const query = { dryRun: 'All' }
        const other = await api.call({
          ...({ method: 'PATCH', path: pathOf(resource), body, contentType: merge } as const),
          ...{ query, as: neighbour },
        })
        t.notMatch(other.body.message ?? '', 'akv-injector', 'others aren’t held to it')
      }
    },
  )

t.test('the message names what else changes, and who explains it', async (t) => {
  const { body } = await patch('deployments', {
    ...{ metadata: { labels: { more: 'x' } } },
    ...{ spec: { paused: true, ...inPod({ hostNetwork: true }).spec } },
  })
  t.match(
    body.message,
    /this request also changes metadata\.labels, spec\.paused, spec\.template\.spec\. If a mutating webhook or policy has changed that in this request, let it leave out requests of system:serviceaccount:akv-injector:akv-injector-sync\./,
  )
})

/** Every value in an object, as a JSON pointer. */
function leavesOf(value: unknown, path = ''): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => leavesOf(item, `${path}/${i}`))
  if (!isObject(value)) return [[path, value]]
  return Object.entries(value).flatMap(([key, item]) =>
    leavesOf(item, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  )
}
const changed = (value: unknown): unknown => {
  if (typeof value === 'number') return value + 1
  return typeof value === 'boolean' ? !value : `${value}x`
}

t.test('nothing that a live workload has can be changed or removed', async (t) => {
  for (const resource of resources) {
    const { status: _, ...live } = await read(resource)
    const before = stable(live as KubeObject)
    const leaves = leavesOf(live).filter(
      ([path]) =>
        !path.includes('restarted-at') && !/^\/metadata\/(generation|resourceV)/.test(path),
    )
    t.ok(leaves.length > 30, `${leaves.length} fields of ${resource}`)
    const accepted: string[] = []
    for (const [path, value] of leaves)
      for (const operation of [
        { op: 'replace', path, value: changed(value) },
        { op: 'remove', path },
      ]) {
        const contentType = 'application/json-patch+json'
        const { status } = await patch(resource, [operation], { contentType })
        // The API server itself puts back what it owns or has a default for, and then nothing has changed.
        if (status < 300) accepted.push(path)
      }
    t.strictSame(stable(await read(resource)), before)
    t.ok(accepted.length < leaves.length, accepted.join(' '))
  }
})

t.test('subresources, other kinds, new workloads and deletions are refused', async (t) => {
  const scale = { spec: { replicas: 0 } }
  for (const resource of ['deployments', 'statefulsets']) {
    const path = `${pathOf(resource)}/scale`
    const { body } = await controller.call({
      method: 'PATCH',
      path,
      body: scale,
      contentType: merge,
    })
    t.match(body.message, denied)
  }
  const status = {
    method: 'PATCH',
    path: `${pathOf('deployments')}/status`,
    contentType: merge,
  } as const
  const condition = { type: 'Available', status: 'False', reason: 'x', message: 'x' }
  const { body } = await controller.call({
    ...status,
    body: { status: { conditions: [condition] } },
  })
  t.match(body.message, denied)
  for (const resource of resources) {
    const path = pathOf(resource)
    t.match((await controller.call({ method: 'DELETE', path })).body.message, denied)
    const fresh = { ...kinds[resource], metadata: { name: 'fresh', namespace } }
    const created = await controller.call({
      ...{ method: 'POST', path: path.replace(/\/web$/, ''), body: fresh },
    })
    t.match(created.body.message, denied)
  }
  const revision = { apiVersion: 'apps/v1', kind: 'ControllerRevision', revision: 1, data: {} }
  const path = `/apis/apps/v1/namespaces/${namespace}/controllerrevisions`
  const made = await controller.call({
    ...{ method: 'POST', path, body: { ...revision, metadata: { name: 'x', namespace } } },
  })
  t.match(made.body.message, denied)
})

t.test('it can’t take fields from other managers', async (t) => {
  const { metadata } = await read('deployments')
  const entries = metadata['managedFields'] as readonly { readonly manager: string }[]
  const place = entries.findIndex(({ manager }) => manager === 'cluster-tests')
  const contentType = 'application/json-patch+json'
  const operations = [{ op: 'remove', path: `/metadata/managedFields/${place}` }]
  const { body } = await patch('deployments', operations, { contentType })
  t.match(body.message, denied)
  t.match((await patch('deployments', { metadata: { managedFields: [{}] } })).body.message, denied)
})

t.test('the record of an account is its own, too, and bounded', async (t) => {
  const record = 'rollout.akv-injector.io/record'
  const write = (value: string | null) =>
    controller.call({
      ...{ method: 'PATCH', path: `/api/v1/namespaces/${namespace}/serviceaccounts/web` },
      body: { metadata: { annotations: { [record]: value } } },
      ...{ contentType: merge, query: { fieldManager: 'akv-injector-rollouts' } },
    })
  for (const value of ['{}', 'x'.repeat(98_304), null]) t.equal((await write(value)).status, 200)
  t.match(
    (await write('x'.repeat(98_305))).body.message,
    /'akv-injector-sync-accounts' .* record of/,
  )
})

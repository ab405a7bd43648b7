import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { codeBlocks } from '../../support/page-commands.ts'
import type { KubeObject } from '../client/api.ts'
import { openCluster, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'

/** Tests the policy in docs/from-csi.md that protects the label of namespaces. */
const cluster = openCluster(t)
const [block = ''] = codeBlocks({
  page: 'docs/from-csi.md',
  heading: 'Who may set the label',
  language: 'yaml',
})
const objects = parseAllDocuments(block).map((document) => document.toJS() as KubeObject)
const role: KubeObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'akv-injector-test-namespaces' },
  rules: [
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'create', 'patch', 'update'] },
  ],
}
const binding: KubeObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: role.metadata,
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role.metadata.name },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'developer' }],
}
for (const object of [role, binding, ...objects]) {
  expectSuccess(await cluster.apply(object))
  t.teardown(() => cluster.delete(object))
}
const as = 'developer'
const namespace = (name: string, labels: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
})
const label = 'akv-injector.io/csi'
const refused = { status: 422, body: { message: /only the group platform may change the label/ } }

t.test('a user who may change namespaces can’t set, change or remove the label', async (t) => {
  const moved = namespace('akv-injector-test-moved', { [label]: 'true' })
  const other = namespace('akv-injector-test-other', {})
  t.teardown(() => Promise.all([moved, other].map((pod) => cluster.delete(pod))))
  for (const object of [moved, other]) expectSuccess(await cluster.create(object))
  const apply = (object: KubeObject) => cluster.apply(object, { as, dryRun: true })
  // A policy takes effect a moment after it was created.
  await until(async () => (await apply({ ...other, metadata: moved.metadata })).status < 300)
  const labelled = (labels: object) => ({ ...other, metadata: { ...other.metadata, labels } })
  await until(async () => (await apply(labelled({ [label]: 'true' }))).status === 422)
  t.match(await apply(labelled({ [label]: 'true' })), refused)
  t.match(
    await apply({ ...moved, metadata: { ...moved.metadata, labels: { [label]: 'x' } } }),
    refused,
  )
  t.match(
    await cluster.create(namespace('akv-injector-test-new', { [label]: 'true' }), { as }),
    refused,
  )
  t.match(await apply(labelled({ team: 'a' })), { status: 200 }, 'other labels are theirs')
  t.match(
    await cluster.apply(
      { ...moved, metadata: { ...moved.metadata, labels: { [label]: 'x' } } },
      { dryRun: true },
    ),
    { status: 200 },
    'an administrator may',
  )
})

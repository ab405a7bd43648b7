import t from 'tap'
import type { Manifest } from '../rendered.ts'
import { violations } from './admission.ts'
import { readRendering } from './renderings.ts'

/** What the sync controller can change of workloads, whatever a Role lets it do. */
const manifests = readRendering('sync')
const sync = 'system:serviceaccount:akv-injector:akv-injector-sync'
const restartedAt = 'rollout.akv-injector.io/restarted-at'
const time = '2026-12-01T12:00:00.000Z'

const f = (key: string) => `f:${key}`
const managerOf = (manager: string, key: string, operation = 'Update') => ({
  ...{ manager, operation },
  fieldsV1: {
    [f('spec')]: { [f('template')]: { [f('metadata')]: { [f('annotations')]: { [f(key)]: {} } } } },
  },
})
const others = [managerOf('kubectl', 'a'), managerOf('argocd-controller', 'b', 'Apply')]
const template = {
  metadata: { labels: { app: 'web' }, annotations: { a: 'b' } },
  spec: { containers: [{ name: 'app', image: 'app:1' }], serviceAccountName: 'web' },
}
const metadata = {
  ...{ name: 'web', uid: '1', resourceVersion: '1', generation: 1 },
  ...{ labels: { app: 'web' }, managedFields: others },
}
const deployment = {
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
  spec: { replicas: 2, template },
  status: { replicas: 2 },
}
const rolledOut = (
  annotations: object = { ...template.metadata.annotations, [restartedAt]: time },
) => ({
  ...deployment,
  metadata: {
    ...metadata,
    ...{ resourceVersion: '2', generation: 2 },
    managedFields: [...others, managerOf('akv-injector-rollouts', restartedAt)],
  },
  spec: {
    ...deployment.spec,
    template: { ...template, metadata: { ...template.metadata, annotations } },
  },
})

interface Change {
  readonly before?: Manifest
  readonly after?: Manifest
  readonly resource?: string
  readonly user?: string
}
const answer = ({ before, after, resource = 'deployments', user = sync }: Change) =>
  violations(manifests, {
    ...{ user, resource, group: 'apps', namespace: { name: 'team-a' } },
    operation: before ? (after ? 'UPDATE' : 'DELETE') : 'CREATE',
    ...{ oldObject: before, object: after },
  }).map(({ message }) => message)

t.test(
  'the controller sets the annotation of a template, for the first time and again',
  async (t) => {
    const { annotations: _, ...bare } = template.metadata
    const none = {
      ...deployment,
      spec: { ...deployment.spec, template: { ...template, metadata: bare } },
    }
    for (const resource of ['deployments', 'statefulsets', 'daemonsets']) {
      t.strictSame(answer({ resource, before: deployment, after: rolledOut() }), [])
      t.strictSame(
        answer({ resource, before: none, after: rolledOut({ [restartedAt]: time }) }),
        [],
      )
      const again = rolledOut({ a: 'b', [restartedAt]: '2026-12-02T12:00:00.000Z' })
      t.strictSame(answer({ resource, before: rolledOut(), after: again }), [])
    }
    t.strictSame(
      answer({ before: deployment, after: deployment }),
      [],
      'a patch that changes nothing',
    )
  },
)

t.test(
  'another manager loses the annotation to it, and the oldest of many may be merged',
  async (t) => {
    const managed = (managedFields: readonly object[]) => ({
      ...rolledOut(),
      metadata: { ...metadata, managedFields },
    })
    const lie = managed([...others, managerOf('kubectl-edit', restartedAt)])
    t.strictSame(answer({ before: lie, after: rolledOut() }), [])
    const empty = {
      ...{ manager: 'helm', operation: 'Apply' },
      fieldsV1: {
        [f('spec')]: { [f('template')]: { [f('metadata')]: { [f('annotations')]: {} } } },
      },
    }
    const without = managed([...others, { ...empty, fieldsV1: {} }])
    t.strictSame(
      answer({ before: managed([...others, empty]), after: without }),
      [],
      'an empty map isn’t empty any more',
    )
    const many = Array.from({ length: 10 }, (_, i) => managerOf(`manager-${i}`, 'a'))
    const merged = [managerOf('ancient-changes', 'a'), ...many.slice(2)]
    t.strictSame(answer({ before: managed(many), after: managed(merged) }), [])
    t.match(answer({ before: managed(many.slice(1)), after: managed(merged) }), [
      /fields .* others/,
    ])
    const applied = managed([...many, ...others])
    t.match(answer({ before: applied, after: managed([...merged, ...others.slice(0, 1)]) }), [
      /which fields of a workload others manage/,
    ])
  },
)

const spec = (fields: object) => ({ ...rolledOut(), spec: { ...rolledOut().spec, ...fields } })
const ofTemplate = (fields: object) =>
  spec({ template: { ...rolledOut().spec.template, ...fields } })
const ofMetadata = (fields: object) => ({
  ...rolledOut(),
  metadata: { ...rolledOut().metadata, ...fields },
})
const { replicas: _, ...withoutReplicas } = rolledOut().spec
const refused: Readonly<Record<string, Manifest>> = {
  'a label of the workload': ofMetadata({ labels: { app: 'x' } }),
  'an annotation of the workload': ofMetadata({ annotations: { a: 'b' } }),
  'an owner': ofMetadata({ ownerReferences: [{ name: 'x' }] }),
  'a finalizer': ofMetadata({ finalizers: ['a/b'] }),
  'the replicas': spec({ replicas: 0 }),
  'no replicas': { ...rolledOut(), spec: withoutReplicas },
  'a field that doesn’t exist yet': spec({ later: true }),
  'the image': ofTemplate({
    spec: { ...template.spec, containers: [{ name: 'app', image: 'evil:1' }] },
  }),
  'the account': ofTemplate({ spec: { ...template.spec, serviceAccountName: 'admin' } }),
  'no template': { ...rolledOut(), spec: { replicas: 2 } },
  'a label of the template': ofTemplate({
    metadata: { ...rolledOut().spec.template.metadata, labels: { app: 'web', a: 'b' } },
  }),
  'another annotation': rolledOut({ a: 'c', [restartedAt]: time }),
  'an annotation more': rolledOut({ a: 'b', 'akv-injector.io/secrets': 'x', [restartedAt]: time }),
  'an annotation less': rolledOut({ [restartedAt]: time }),
  'the status': { ...rolledOut(), status: { replicas: 3 } },
  'another kind': { ...rolledOut(), kind: 'StatefulSet' },
  'no time': rolledOut({ a: 'b', [restartedAt]: 'now, please' }),
  'a long text': rolledOut({ a: 'b', [restartedAt]: '1'.repeat(33) }),
  'another’s fields': ofMetadata({ managedFields: others.slice(1) }),
}

t.test('it changes nothing else, and others with the same Role aren’t held to that', async (t) => {
  for (const [what, after] of Object.entries(refused)) {
    t.ok(answer({ before: deployment, after }).length > 0, what)
    t.strictSame(answer({ before: deployment, after, user: 'kubernetes-admin' }), [], what)
    const neighbour = 'system:serviceaccount:team-a:akv-injector-sync'
    t.strictSame(answer({ before: deployment, after, user: neighbour }), [], what)
  }
  t.match(answer({ before: rolledOut(), after: deployment }), [/may not remove/])
})

t.test('the API server counts the templates of a DaemonSet in an annotation', async (t) => {
  const counted = (object: Manifest, kind: string, count: string) => ({
    ...object,
    kind,
    metadata: {
      ...object.metadata,
      annotations: { 'deprecated.daemonset.template.generation': count },
    },
  })
  const change = (kind: string) => ({
    before: counted(deployment, kind, '1'),
    after: counted(rolledOut(), kind, '2'),
  })
  t.strictSame(answer({ resource: 'daemonsets', ...change('DaemonSet') }), [])
  t.ok(answer(change('Deployment')).length > 0)
})

t.test('it creates and deletes no workload, and touches no other kind of the group', async (t) => {
  t.match(answer({ after: deployment }), [/may not create or delete workloads/])
  t.match(answer({ before: deployment }), [/may not create or delete workloads/])
  const scale = (replicas: number) => ({
    kind: 'Scale',
    metadata: { name: 'web' },
    spec: { replicas },
  })
  t.ok(answer({ resource: 'deployments/scale', before: scale(2), after: scale(0) }).length > 0)
  t.ok(
    answer({ resource: 'deployments/status', before: deployment, after: refused['the status'] })
      .length > 0,
  )
  const revision = (data: object) => ({
    kind: 'ControllerRevision',
    metadata: {},
    data,
    revision: 1,
  })
  t.ok(
    answer({ resource: 'controllerrevisions', before: revision({}), after: revision({ a: 1 }) })
      .length > 0,
  )
})

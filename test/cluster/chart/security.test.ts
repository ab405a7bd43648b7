import t from 'tap'
import { type ExampleNamespace, excluded, ordinary } from '../../manifests/security/namespaces.ts'
import { podsOf } from '../../manifests/security/pod-privileges.ts'
import { readRendering } from '../../manifests/security/renderings.ts'

import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import {
  agentOf,
  annotatedPod,
  filesAndEnv,
  type Pod,
  plainPod,
  restrictedSpec,
} from '../client/pods.ts'
import { workloads } from '../policies/workloads.ts'
import { serveWebhook } from '../webhook/harness/serve-webhook.ts'

/** Tries on an API server what test/manifests/security evaluates, with the same examples. */
const cluster = openCluster(t)
await serveWebhook(t, cluster)

/** Creates a namespace, unless it exists. Labels go to a namespace with a name of its own. */
async function namespaceLike({ name, labels }: ExampleNamespace): Promise<string> {
  if (Object.keys(labels).length > 0) return testNamespace(t, cluster, labels)
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
  const { status } = await cluster.create(object)
  if (status === 201) t.teardown(() => cluster.delete(object))
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
  const metadata = { ...account.metadata, namespace: name }
  await until(async () => (await cluster.get({ ...account, metadata })).status === 200)
  return name
}

for (const example of [...ordinary, ...excluded]) {
  const isInjected = ordinary.includes(example)
  const which = `${example.name} ${JSON.stringify(example.labels)}`
  t.test(`annotated pods are ${isInjected ? 'injected' : 'reported'} in ${which}`, async (t) => {
    const namespace = await namespaceLike(example)
    const { body, warnings } = expectSuccess(
      await cluster.create(annotatedPod({ namespace, spec: restrictedSpec }), { dryRun: true }),
    )
    t.equal(agentOf(body as Pod) !== undefined, isInjected)
    t.equal(
      warnings.some((warning) => warning.includes('no agent')),
      !isInjected,
    )
    for (const workload of workloads({ namespace, annotations: filesAndEnv })) {
      const answer = expectSuccess(await cluster.apply(workload, { dryRun: true }))
      t.equal(
        answer.warnings.some((warning) => warning.includes('is excluded')),
        !isInjected,
      )
    }
  })
}

t.test('the namespace of the install admits the pods of each process, and no other', async (t) => {
  const pods = { ...podsOf(readRendering('install')), ...podsOf(readRendering('sync')) }
  const create = (spec: object) => {
    // The account of Secret sync isn't installed.
    const pod = plainPod({ ...spec, serviceAccountName: 'default' }, { namespace: 'akv-injector' })
    return cluster.create(pod, { dryRun: true })
  }
  for (const [name, { spec }] of Object.entries(pods)) {
    t.strictSame(expectSuccess(await create(spec)).warnings, [], name)
    const { status, body } = await create({ ...spec, hostNetwork: true })
    t.equal(status, 403)
    t.match(body.message, 'violates PodSecurity "restricted')
  }
  t.equal((await create(plainPod().spec)).status, 403)
})

import t, { type Test } from 'tap'
import { runCerts } from '../certs/run-certs.ts'
import { connect, type KubeObject } from '../client/api.ts'
import { openCluster, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { annotatedPod } from '../client/pods.ts'
import {
  install,
  installObjects,
  uninstall,
  untilGone,
  webhookConfiguration,
} from '../harness/install/install.ts'

/** Applies and deletes the manifests as Argo CD and Flux do (docs/gitops.md). */
const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const cluster = openCluster(t)
const api = connect(kubeconfigFile)
t.teardown(() => api.close())

/** The kinds of the manifests in the order of each tool. Both sort objects of one kind by name. */
const orders: Readonly<Record<string, readonly (readonly string[])[]>> = {
  // https://github.com/argoproj/gitops-engine/blob/master/pkg/sync/sync_tasks.go
  'argocd-controller': [
    ['Namespace'],
    ['NetworkPolicy'],
    ['PodDisruptionBudget'],
    ['ServiceAccount'],
    ['Secret'],
    ['ConfigMap'],
    ['ClusterRole'],
    ['ClusterRoleBinding'],
    ['Role'],
    ['RoleBinding'],
    ['Service'],
    ['Deployment'],
    // All other kinds are one group for Argo CD.
    [
      'MutatingWebhookConfiguration',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
    ],
  ],
  // https://github.com/fluxcd/pkg/blob/main/ssa/sort.go
  'kustomize-controller': [
    ['Namespace'],
    ['ServiceAccount'],
    ['Role'],
    ['ClusterRole'],
    ['RoleBinding'],
    ['ClusterRoleBinding'],
    ['ConfigMap'],
    ['Secret'],
    ['Service'],
    ['Deployment'],
    ['PodDisruptionBudget'],
    ['ValidatingAdmissionPolicy'],
    ['ValidatingAdmissionPolicyBinding'],
    ['NetworkPolicy'],
    ['MutatingWebhookConfiguration'],
  ],
}

function ordered(kinds: readonly (readonly string[])[]): readonly KubeObject[] {
  const rank = ({ kind }: KubeObject) => kinds.findIndex((group) => group.includes(kind))
  const nameOf = ({ metadata }: KubeObject) => metadata.name ?? ''
  return installObjects().toSorted(
    (a, b) => rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b)),
  )
}

/** What the API server does with a new annotated pod. */
async function admission(): Promise<'refused' | 'without an agent'> {
  const { status } = await cluster.create(annotatedPod(), { dryRun: true })
  return status < 300 ? 'without an agent' : 'refused'
}

/** The versions of the objects whose fields the certificate controller fills. */
async function filledVersions(): Promise<readonly string[]> {
  const filled = installObjects().filter(
    ({ kind }) => kind === 'Secret' || kind === 'MutatingWebhookConfiguration',
  )
  const answers = await Promise.all(filled.map((object) => cluster.get(object)))
  return answers.map((answer) => {
    const { kind, metadata, ...content } = expectSuccess(answer).body
    const { webhooks } = content as { webhooks?: { clientConfig: { caBundle?: string } }[] }
    const isFilled = content['data'] ?? webhooks?.[0]?.clientConfig.caBundle
    return `${kind} ${metadata.name} ${isFilled ? metadata['resourceVersion'] : 'is empty'}`
  })
}

async function syncAll(manager: string, objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects)
    expectSuccess(await cluster.apply(object, { fieldManager: manager }))
}

async function fill(t: Test): Promise<void> {
  const ended = await runCerts(t, { api, kubeconfigFile, until: 'everything is in place' })
  t.match(ended, { code: 0, stderr: '' })
}

t.before(async () => {
  await uninstall(cluster)
  await untilGone(cluster)
})
t.teardown(async () => {
  await uninstall(cluster)
  await untilGone(cluster)
  await install(cluster)
})

for (const [manager, kinds] of Object.entries(orders))
  t.test(manager, async (t) => {
    const objects = ordered(kinds)
    t.ok(objects.every(({ kind }) => kinds.flat().includes(kind)))
    t.strictSame(objects.at(-1)?.kind, webhookConfiguration().kind)

    await t.test('until the last object is applied, pods start without an agent', async (t) => {
      await syncAll(manager, objects.slice(0, -1))
      t.equal(await admission(), 'without an agent')
      await syncAll(manager, objects.slice(-1))
      await until(async () => (await admission()) === 'refused')
    })

    await t.test('a sync keeps what the certificate controller filled', async (t) => {
      await fill(t)
      const before = await filledVersions()
      t.equal(before.length, 3)
      t.notMatch(before.join(), 'is empty')
      await syncAll(manager, objects)
      t.strictSame(await filledVersions(), before, 'not even written again')
    })

    await t.test('a sync restores a Secret that was deleted, and caBundle', async (t) => {
      const [secret] = objects.filter(({ kind }) => kind === 'Secret')
      if (secret) await cluster.delete(secret)
      await cluster.delete(webhookConfiguration())
      await syncAll(manager, objects)
      t.match((await filledVersions()).join(), 'is empty')
      await fill(t)
      t.notMatch((await filledVersions()).join(), 'is empty')
    })

    await t.test('deleted in the opposite order, it never refuses a pod', async (t) => {
      for (const object of objects.toReversed()) {
        expectSuccess(await cluster.delete(object))
        if (object.kind === webhookConfiguration().kind)
          await until(async () => (await admission()) === 'without an agent')
        t.equal(await admission(), 'without an agent', `${object.kind} ${object.metadata.name}`)
      }
      await untilGone(cluster)
    })
  })

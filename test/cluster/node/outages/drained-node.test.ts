import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Answer, KubeObject } from '../../client/api.ts'
import { until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { agentOf, annotatedPod, type Pod } from '../../client/pods.ts'
import { webhookConfiguration } from '../../harness/install/install.ts'
import { changeEnforcement, policyBinding } from '../../policies/policy-binding.ts'
import { appPod } from '../harness/app-pod.ts'
import { untilRolledOut } from '../harness/deployments.ts'
import { openNode, podTimeoutMs } from '../harness/open-node.ts'

/** Drains the cluster's only node, so that no replica of the webhook can run. */
const node = openNode(t)
const namespace = await node.namespace()
const { nodeName } = node.environment
const policyName = 'akv-injector-uninjected-pods'
const ours = '--selector=app.kubernetes.io/component=webhook'
const own = '--namespace=akv-injector'
const probe = appPod({ namespace, name: 'probe' })
const tryPod = (pod: KubeObject = probe) => node.cluster.create(pod, { dryRun: true })
/** The certificate controller restores `caBundle` within a minute, and the API server then has to notice. */
const recoveryTimeoutMs = 240_000
const untilAnswer = (isSo: (answer: Answer) => boolean) =>
  until(async () => isSo(await tryPod()), recoveryTimeoutMs)
const isInjected = ({ status, body }: Answer) =>
  status === 201 && agentOf(body as Pod) !== undefined
const scale = (replicas: number) =>
  node.kubectl('scale', own, 'deployment', 'akv-injector-webhook', `--replicas=${replicas}`)
const rolledOut = () =>
  untilRolledOut(node, { namespace: 'akv-injector', name: 'akv-injector-webhook' })

/** The commands in docs/install.md that let workloads start without the webhook. */
const page = readFileSync(join(import.meta.dirname, '../../../../docs/install.md'), 'utf8')
const [, procedure = ''] =
  /(If workloads must start immediately[\s\S]*?)To bring it back/.exec(page) ?? []
const documented = [...procedure.matchAll(/^kubectl (.+)$/gm)].map(([, words = '']) =>
  words.split(' '),
)

// Even if a test fails, the other test files find a working webhook.
t.teardown(async () => {
  await node.kubectl('uncordon', nodeName)
  await node.cluster.apply(policyBinding(policyName))
  await node.cluster.apply(webhookConfiguration())
  await scale(2)
  await rolledOut()
  await untilAnswer(isInjected)
})

t.test('a drain waits for the last replica, and says why', async (t) => {
  await scale(1)
  await rolledOut()
  // The API server lets pods be evicted as long as the budget's status counts the other replica.
  await until(async () => {
    const { disruptionsAllowed, expectedPods } = await budgetStatus()
    return disruptionsAllowed === 0 && expectedPods === 1
  }, podTimeoutMs)
  await t.rejects(
    node.kubectl(
      ...['drain', nodeName, '--pod-selector=app.kubernetes.io/component=webhook'],
      ...['--delete-emptydir-data', '--timeout=10s'],
    ),
    /violate the pod's disruption budget/,
  )
  const { body } = expectSuccess(await node.create(probe, { dryRun: true }))
  t.ok(agentOf(body as Pod), 'annotated pods are still admitted')
})

t.test('without any replica, annotated pods are refused and others start', async (t) => {
  await node.kubectl('delete', 'pods', own, ours)
  await untilAnswer(({ body }) => /no endpoints available/.test(body.message ?? ''))
  t.match(await node.kubectl('get', 'pods', own, ours), /\bPending\b/)
  const plain = { ...appPod({ namespace, name: 'plain' }), metadata: { namespace, name: 'plain' } }
  expectSuccess(await tryPod(plain))
})

t.test(
  'the commands of docs/install.md let them start, even with the policy that refuses them',
  async (t) => {
    await changeEnforcement(t, node.cluster, {
      name: policyName,
      actions: ['Deny', 'Audit'],
      // Without the webhook, whose own refusal would come first.
      isInForce: async () =>
        (await tryPod(annotatedPod({ namespace: 'kube-public' }))).status === 422,
    })
    t.strictSame(documented, [
      ['delete', 'mutatingwebhookconfiguration', 'zz-akv-injector'],
      ['delete', 'validatingadmissionpolicybinding', policyName],
    ])
    for (const command of documented) await node.kubectl(...command)
    await untilAnswer(({ status }) => status === 201)
    t.equal(agentOf(expectSuccess(await tryPod()).body as Pod), undefined, 'without an agent')
  },
)

t.test(
  'after the node is back and the install is applied again, pods get their agent',
  async (t) => {
    await node.kubectl('uncordon', nodeName)
    expectSuccess(await node.cluster.apply(webhookConfiguration()))
    expectSuccess(await node.cluster.apply(policyBinding(policyName)))
    await untilAnswer(isInjected)
    t.notMatch(expectSuccess(await tryPod()).warnings.join(), /no agent/)
  },
)

async function budgetStatus() {
  const metadata = { namespace: 'akv-injector', name: 'akv-injector-webhook' }
  const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata }
  return expectSuccess(await node.cluster.get(budget)).body['status'] as {
    readonly disruptionsAllowed: number
    readonly expectedPods: number
  }
}

import { delimiter, dirname } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { runScript, startFakeAz } from '../../support/fake-az/fake-az.ts'
import { skipped } from '../../support/needs/without.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import type { KubeObject } from '../client/api.ts'
import { callPatiently } from '../client/call-patiently.ts'
import { testNamespace } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { agentOf, type Pod } from '../client/pods.ts'
import { findParts } from '../parts/find-parts.ts'
import { clientId, secretProviderClass } from './harness/classes.ts'
import { csiPod } from './harness/csi-pods.ts'
import { openCsiCluster } from './harness/open-csi-cluster.ts'
import { serveCsiWebhook } from './harness/serve-csi-webhook.ts'

/** Runs the commands that `check` prints with a real kubectl, and with an `az` that knows the real one's arguments. */
const cluster = await openCsiCluster(t)
await serveCsiWebhook(t, cluster)
const found = await findParts({
  env: process.env,
  log: (line) => t.comment(line),
  names: ['kubectl'],
})
const skip = found.kind === 'invalid' && skipped('go', found.problem)

t.test('after the commands that check prints, the pod is served', { skip }, async (t) => {
  if (found.kind === 'invalid') return
  const namespace = await testNamespace(t, cluster, {})
  const account: KubeObject = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'web', namespace },
  }
  const pod = csiPod({ namespace })
  const ofAccount = { ...pod, spec: { ...pod.spec, serviceAccountName: 'web' } }
  const anonymous = secretProviderClass({ namespace, parameters: { clientID: '' } })
  for (const object of [account, anonymous]) expectSuccess(await cluster.create(object))
  const check = async (given: KubeObject) =>
    await runInProcess(['check', '-', '--output', 'json'], {
      input: [given, anonymous, ofAccount].map((object) => stringify(object)).join('---\n'),
    })

  const { code, stdout } = await check(account)
  t.equal(code, 1)
  const { commands } = JSON.parse(stdout)
  const az = await startFakeAz(t.testdir(), [{ clientId, name: 'id-web', resourceGroup: 'rg' }])
  const path = [az.path, dirname(found.value.kubectl), process.env['PATH']].join(delimiter)
  const ran = await runScript(commands.join('\n'), {
    ...process.env,
    PATH: path,
    CLUSTER: 'test',
    ISSUER: 'https://issuer.example',
    CLIENT_ID: clientId,
  })
  t.equal(ran.stderr, '')
  t.match(az.created(), [{ subject: `system:serviceaccount:${namespace}:web` }])

  t.equal((await check((await cluster.get(account)).body)).code, 0, 'check is content now')
  const created = await callPatiently(() => cluster.create(ofAccount, { dryRun: true }))
  t.ok(agentOf(expectSuccess(created).body as Pod))
})

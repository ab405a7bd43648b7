import { logLine, logOf, stateOf, v1, v2 } from '../../support/injected-pods/agent-log.ts'
import { agentImage, injectedPod } from '../../support/injected-pods/injected-pod.ts'
import { run } from '../../support/run-command-line.ts'
import { connect } from '../client/api.ts'
import { clusterOf } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { addStandInNode } from './harness/stand-in-node.ts'

/**
 * `npm run cluster:bench`'s counterpart for commands that read a cluster:
 * `node test/cluster/main.ts test/cluster/reading/bench.ts` measures `status` and `who` with 1,000 pods, on the real API server
 * with a stand-in for the kubelet.
 */

const pods = 1000
const createdAtOnce = 16
const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const api = connect(kubeconfigFile)
const cluster = clusterOf(api)
const node = await addStandInNode(api, kubeconfigFile)
const namespace = 'reading-bench'
expectSuccess(
  await cluster.create({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { 'control-plane': 'reading' } },
  }),
)

/** What an agent logs in a day: its state, and 99 other lines. */
const log = (version: string) =>
  logOf(stateOf({ versions: [version] }, new Date().toISOString())) +
  logLine({ level: 'info', message: 'refreshed' }).repeat(99)

const numbers = Array.from({ length: pods }, (_, i) => i).values()
await Promise.all(
  Array.from({ length: createdAtOnce }, async () => {
    for (const i of numbers)
      await node.addPod(injectedPod({ namespace, name: `web-${i}` }), log(i % 10 === 0 ? v1 : v2))
  }),
)

const options = ['-A', '--agent-image', agentImage, '--kubeconfig', kubeconfigFile]
for (const args of [
  ['status', ...options],
  ['who', 'team-a:db-password', ...options],
]) {
  const startedMs = performance.now()
  const { code, stdout, stderr } = await run(args)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  console.log(`${args[0]} with ${pods} pods: ${seconds} s, exit code ${code}`)
  console.log(stdout.split('\n').slice(-4).join('\n') + stderr)
}
await node.close()
api.close()

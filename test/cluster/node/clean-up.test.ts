import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { until } from '../client/cluster.ts'
import { lastLines } from '../harness/last-lines.ts'
import { isRunning, openNode } from './harness/open-node.ts'
import { leftovers } from './machine/leftovers.ts'

/** Kills a test run while a pod with secrets runs. This file is also the test of the killed run. */
const { CLEAN_UP_STATE_FILE } = process.env

if (CLEAN_UP_STATE_FILE) await runPod(CLEAN_UP_STATE_FILE)
else
  t.test('a test run that is killed leaves nothing behind', async (t) => {
    const folder = t.testdir()
    const [stateFile, log] = [join(folder, 'state'), join(folder, 'log')]
    const output = openSync(log, 'w')
    const { KUBECONFIG: _, CLUSTER_NODE: __, ...env } = process.env
    const main = spawn(
      process.execPath,
      [join(import.meta.dirname, '../main.ts'), import.meta.filename],
      { env: { ...env, CLEAN_UP_STATE_FILE: stateFile }, stdio: ['ignore', output, output] },
    )
    closeSync(output)
    t.teardown(() => main.kill('SIGKILL'))
    const hasEnded = () => main.exitCode !== null || main.signalCode !== null
    await until(async () => existsSync(stateFile) || hasEnded(), 200_000).catch(() => {})
    if (!existsSync(stateFile))
      throw new Error(`the run has no pod. Its last output:\n${lastLines(log)}`)
    const cluster = JSON.parse(readFileSync(stateFile, 'utf8'))
    t.match(
      leftovers(cluster).join(' '),
      /\/net\/.* \/sys\/fs\/cgroup\/.* process /,
      'the node exists',
    )
    main.kill('SIGKILL')
    await once(main, 'close')
    await until(async () => leftovers(cluster).length === 0)
    t.pass('everything was removed')
  })

/** Starts a pod, writes down where the cluster is, and waits to be killed. */
async function runPod(stateFile: string): Promise<void> {
  const node = openNode(t)
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'app',
      namespace: 'default',
      annotations: {
        'akv-injector.io/vault': 'team-b',
        'akv-injector.io/secrets': 'shared-token',
        'akv-injector.io/client-id': '22222222-2222-2222-2222-222222222222',
        'akv-injector.io/tenant-id': '11111111-1111-1111-1111-111111111111',
        'akv-injector.io/refresh': '5m',
      },
    },
    spec: { serviceAccountName: 'web', containers: [{ name: 'app', image: 'busybox:1.37' }] },
  }
  await node.apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web', namespace: 'default' } },
    pod,
  )
  await node.untilPod(pod, isRunning)
  const folder = dirname(node.environment.containerd)
  writeFileSync(stateFile, JSON.stringify({ name: node.environment.nodeName, folder }))
  await new Promise(() => setInterval(() => {}, 1_000))
}

import t from 'tap'
import { until } from '../client/cluster.ts'
import { envIfSupported, supportsEnv, variableOrFile } from '../client/env-support.ts'
import { appContainer, appPod, mountPath, password, shell } from './harness/app-pod.ts'
import {
  agentStatus,
  isRestarted,
  isWaiting,
  killContainer,
  killSandbox,
  statusOf,
} from './harness/containers.ts'
import { openDrills } from './harness/explain.ts'
import { isRunning, openNode, podTimeoutMs } from './harness/open-node.ts'
import { untilSaid } from './harness/until-said.ts'

/** Tests pods whose containers end, are killed or restart. */
const node = openNode(t)
const explain = await openDrills(t, 'lifecycle.test.ts')
const namespace = await node.namespace()
const file = `${mountPath}/db-password`
const passwordWord = variableOrFile('DB_PASSWORD', file)
const podOf = (options: Omit<Parameters<typeof appPod>[0], 'namespace'>) =>
  appPod({ namespace, ...options })

const restarted = podOf({
  name: 'restarted',
  annotations: { secrets: 'rotated', ...envIfSupported('ROTATED=rotated'), refresh: '30s' },
  app: shell(
    `echo ${variableOrFile('ROTATED', `${mountPath}/rotated`)}; until [ -e /tmp/end ]; do sleep 0.2; done`,
  ),
})
const sidecarKilled = podOf({
  name: 'sidecar-killed',
  annotations: { secrets: 'at-restart', refresh: '24h' },
  app: shell(
    `while value=$(cat ${mountPath}/at-restart) && [ "$value" ]; do sleep 0.05; done; echo missing; sleep infinity`,
  ),
})
const sandboxOfInit = podOf({
  name: 'sandbox-of-init',
  annotations: { secrets: 'db-password', ...envIfSupported('DB_PASSWORD=db-password') },
})
const sandboxOfSidecar = podOf({
  name: 'sandbox-of-sidecar',
  annotations: {
    secrets: 'db-password',
    ...envIfSupported('DB_PASSWORD=db-password'),
    refresh: '24h',
  },
})
const outOfMemory = Object.entries({ init: '0', sidecar: '24h' }).map(([mode, refresh]) =>
  podOf({
    name: `out-of-memory-${mode}`,
    annotations: {
      ...{ secrets: 'db-password', refresh },
      ...{ 'agent-requests': 'memory=12Mi', 'agent-limits': 'memory=12Mi' },
    },
  }),
)
const twenty = podOf({
  name: 'twenty',
  annotations: {
    secrets: 'db-password',
    ...envIfSupported('DB_PASSWORD=db-password'),
    refresh: '24h',
  },
  spec: {
    containers: Array.from({ length: 20 }, (_, index) => ({
      ...appContainer(`app-${index}`),
      ...shell(`[ "$(cat ${file})" = ${passwordWord} ] && sleep infinity`),
    })),
  },
})
const debugged = podOf({
  name: 'debugged',
  annotations: {
    secrets: 'db-password',
    ...envIfSupported('DB_PASSWORD=db-password'),
    refresh: '24h',
  },
})
const deleted = podOf({
  name: 'deleted',
  annotations: { secrets: 'db-password', refresh: '24h' },
  // The finalizer lets the test read the status of the pod after it has ended.
  metadata: { finalizers: ['tests.akv-injector.io/keep'] },
  app: shell('trap "exit 0" TERM; while sleep 0.1; do :; done'),
  // Longer than the test waits, so that no agent ends because it is over.
  spec: { terminationGracePeriodSeconds: 36_000 },
})

await node.control('/rotate', { vault: 'team-a', name: 'rotated', value: 'before' })
await node.control('/rotate', { vault: 'team-a', name: 'at-restart', value: 'before' })
await node.apply(
  ...[restarted, sidecarKilled, sandboxOfInit, sandboxOfSidecar, ...outOfMemory],
  ...[twenty, debugged, deleted],
)
t.teardown(() => release())

t.test('the agent of a deleted pod ends on SIGTERM', async (t) => {
  const running = agentStatus(await node.untilPod(deleted, isRunning))
  if (!running) throw new Error('the pod has no agent')
  await until(async () => isWaiting(node, running), podTimeoutMs)
  await node.kubectl('delete', 'pod', 'deleted', `--namespace=${namespace}`, '--wait=false')
  const ended = await node.untilPod(
    deleted,
    (pod) => agentStatus(pod)?.state.terminated !== undefined,
  )
  const agent = agentStatus(ended)?.state.terminated
  const app = statusOf(ended, 'app')?.state.terminated
  t.match(agent, { exitCode: 0, reason: 'Completed' })
  t.notOk(agent?.message, 'an orderly end needs no explanation')
  const secondsAfter =
    (Date.parse(agent?.finishedAt ?? '') - Date.parse(app?.finishedAt ?? '')) / 1000
  t.ok(secondsAfter >= 0, `${secondsAfter} s after the app`)
  await release()
})

t.test('a killed sidecar restarts, keeps the files and continues to refresh', async (t) => {
  const agent = agentStatus(await node.untilPod(sidecarKilled, isRunning))
  await node.control('/rotate', { vault: 'team-a', name: 'at-restart', value: 'after' })
  if (agent) await killContainer(node, agent)
  const again = agentStatus(await node.untilPod(sidecarKilled, isRestarted('akv-injector')))
  t.match(again?.lastState.terminated, { exitCode: 137, message: /^The agent was killed, / })
  await until(async () => {
    const read = await node.exec(sidecarKilled, 'app', 'cat', `${mountPath}/at-restart`)
    return read === 'after'
  }, podTimeoutMs)
  t.equal(await node.logs(sidecarKilled, 'app'), '', 'the app never missed them')
  await explain(t, t.name, sidecarKilled)
})

t.test('a pod that loses its sandbox starts with the files of the previous run', async (t) => {
  const before = await node.untilPod(sandboxOfInit, isRunning)
  await killSandbox(node, before)
  const after = await node.untilPod(sandboxOfInit, isRestarted('app'))
  t.not(after.status.podIP, before.status.podIP, 'it is a new one')
  t.match(
    await node.logs(sandboxOfInit, 'akv-injector'),
    'using the complete set left by a previous run',
  )
  t.equal(await node.exec(sandboxOfInit, 'app', 'cat', file), password)
  await explain(t, t.name, sandboxOfInit)
})

t.test('a sidecar writes all files again if none is left, as after a reboot', async (t) => {
  const before = await node.untilPod(sandboxOfSidecar, isRunning)
  const empty = `for (const name of ${JSON.stringify(supportsEnv ? ['files', 'env'] : ['files'])})
    for (const file of fs.readdirSync('/akv/' + name))
      fs.rmSync('/akv/' + name + '/' + file, { recursive: true })`
  await node.exec(sandboxOfSidecar, 'akv-injector', '/usr/local/bin/node', '-e', empty)
  await killSandbox(node, before)
  await node.untilPod(sandboxOfSidecar, isRestarted('app', 'akv-injector'))
  t.match(await node.logs(sandboxOfSidecar, 'akv-injector'), 'all files written')
  const read = ['sh', '-c', `cat ${file}; echo " "${passwordWord}`]
  t.equal(await node.exec(sandboxOfSidecar, 'app', ...read), `${password} ${password}\n`)
  await explain(t, t.name, sandboxOfSidecar)
})

t.test('the status of an agent that runs out of memory says so', async (t) => {
  for (const pod of outOfMemory) {
    const { warnings } = await node.create(
      { ...pod, metadata: { ...pod.metadata, name: 'again' } },
      { dryRun: true },
    )
    t.match(
      warnings.join('\n'),
      'a memory limit of 12Mi may be too low for the agent; use at least 96Mi',
    )
    // If the kubelet hears of the end first, the reason of this run is "Error", but that of a later one isn't.
    await untilSaid(t, () => node.describe(pod), /Reason: +OOMKilled/)
    await explain(t, t.name, pod)
  }
})

t.test('twenty containers of a pod see the files', async (t) => {
  const { status } = await node.untilPod(twenty, isRunning)
  t.equal(status.containerStatuses?.length, 20)
  t.strictSame(
    status.containerStatuses?.filter(({ restartCount }) => restartCount > 0),
    [],
  )
})

t.test('an ephemeral container sees no files', async (t) => {
  await node.untilPod(debugged, isRunning)
  const debug = { ...appContainer('debugger'), ...shell('cat /proc/mounts; env; sleep infinity') }
  t.equal((await node.cluster.debug(debugged, debug)).status, 200)
  let seen = ''
  await until(async () => {
    seen = await node.logs(debugged, 'debugger').catch(() => '')
    return seen.includes('HOSTNAME=debugged')
  }, podTimeoutMs)
  t.notMatch(seen, /secrets-store|DB_PASSWORD|AKV_INJECTOR| \/akv\//)
})

t.test('a restarted container has the new value of a variable', async (t) => {
  await node.untilPod(restarted, isRunning)
  const log = () => node.logs(restarted, 'app')
  await untilSaid(t, log, /^before\n$/)
  await node.control('/rotate', { vault: 'team-a', name: 'rotated', value: 'after' })
  const read = () => node.exec(restarted, 'app', 'cat', `${mountPath}/rotated`)
  await until(async () => (await read()) === 'after', 60_000)
  await node.exec(restarted, 'app', 'touch', '/tmp/end')
  await node.untilPod(restarted, isRestarted('app'))
  await untilSaid(t, log, /^after\n$/)
})

/** Removes the finalizer, so that the pod is deleted. */
async function release(): Promise<void> {
  const patch = '{"metadata":{"finalizers":null}}'
  await node
    .kubectl(
      'patch',
      'pod',
      'deleted',
      `--namespace=${namespace}`,
      '--type=merge',
      '--patch',
      patch,
    )
    .catch((error: Error) => {
      if (!error.message.includes('NotFound')) throw error
    })
}

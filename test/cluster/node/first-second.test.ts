import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startGateVariable } from '../../../delivery/contract.ts'
import { until } from '../client/cluster.ts'
import { envIfSupported, startsFast, variableOrFile } from '../client/env-support.ts'
import { appContainer, appPod, mountPath, password, shell } from './harness/app-pod.ts'
import { agentStatus, isRestarted, statusOf } from './harness/containers.ts'
import { loseContainers } from './harness/lose-containers.ts'
import { isRunning, openNode, podTimeoutMs, type RunningPod } from './harness/open-node.ts'

/** Tests pods that end around the moment they start, and what starts before and after the agent. */
const node = openNode(t)
const namespace = await node.namespace()
const file = `${mountPath}/db-password`
const passwordWord = variableOrFile('DB_PASSWORD', file)
const annotations = {
  secrets: 'db-password',
  ...envIfSupported('DB_PASSWORD=db-password'),
  refresh: '24h',
}
/** Far longer than any test waits, so a pod whose end waits for it fails the test. */
const grace = { terminationGracePeriodSeconds: 3600 }

/**
 * A hook holds SIGTERM back until the agent is ready for it. Without one, the kubelet sends it right after it has started the
 * agent, and the kernel drops signals that the first process of a container doesn't handle yet.
 */
const withHook = { skip: !startsFast && 'the agent has no hook' }

t.test('a pod that is deleted while it starts doesn’t wait long', withHook, async (t) => {
  const pods = Array.from({ length: 8 }, (_, index) =>
    appPod({
      namespace,
      name: `deleted-${index}`,
      annotations,
      app: shell('trap exit TERM; sleep infinity & wait'),
      spec: grace,
    }),
  )
  const phases: string[] = []
  for (const [index, pod] of pods.entries()) {
    await node.apply(pod)
    // How far the pod comes depends on the machine.
    await delay(index * 400)
    phases.push(phaseOf((await node.cluster.get(pod)).body as unknown as RunningPod))
    await t.resolves(
      node.kubectl(
        ...['delete', 'pod', `${pod.metadata.name}`],
        ...[`--namespace=${namespace}`, '--timeout=120s'],
      ),
    )
  }
  t.comment(`deleted when ${phases.join(', ')}`)
})

t.test('a Job whose apps end as soon as they have started completes', async (t) => {
  const completions = 8
  const { metadata, spec } = appPod({
    namespace,
    name: 'brief',
    annotations,
    app: shell(`[ ${passwordWord} = "$(cat ${file})" ]`),
    spec: { ...grace, restartPolicy: 'Never' },
  })
  const { labels, annotations: given } = metadata
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace, name: 'brief' },
    spec: {
      ...{ completions, parallelism: completions, backoffLimit: 0 },
      template: { metadata: { labels, annotations: given }, spec },
    },
  }
  await node.apply(job)
  await until(async () => {
    const { status } = (await node.cluster.get(job)).body as { status?: { succeeded?: number } }
    return status?.succeeded === completions
  }, podTimeoutMs)
  const pods = await node.pods({ namespace, selector: 'job-name=brief', count: completions })
  for (const pod of pods) t.match(agentStatus(pod)?.state.terminated, { exitCode: 0 })
})

t.test('only containers after the agent wait for it', async (t) => {
  const pod = appPod({
    namespace,
    name: 'placed',
    annotations: { ...annotations, position: 'after:before' },
    spec: {
      initContainers: [
        { ...appContainer('before'), ...shell(`env; ls ${mountPath} || echo nothing`) },
        { ...appContainer('after'), ...shell(`env; cat ${file}`) },
      ],
    },
  })
  await node.apply(pod)
  const running = await node.untilPod(pod, isRunning)
  t.strictSame(
    running.status.initContainerStatuses?.map(({ name }) => name),
    ['before', 'akv-injector', 'after'],
  )
  const [before, after] = [await node.logs(pod, 'before'), await node.logs(pod, 'after')]
  t.match(before, 'HOSTNAME=placed')
  t.notMatch(before, startGateVariable)
  t.match(before, 'nothing')
  t.equal(after.includes(startGateVariable), startsFast)
  t.match(after, password)
  t.equal(statusOf(running, 'app')?.restartCount, 0)
})

t.test('a pod whose containers are lost with their exit codes starts again', async (t) => {
  const pods = [annotations, { ...annotations, refresh: '0' }].map((annotations, index) =>
    appPod({
      namespace,
      name: `lost-${index}`,
      annotations,
      app: shell(`[ ${passwordWord} = "$(cat ${file})" ] && sleep infinity`),
    }),
  )
  await node.apply(...pods)
  const running: RunningPod[] = []
  for (const pod of pods) running.push(await node.untilPod(pod, isRunning))
  await loseContainers(node, running)
  for (const pod of pods) {
    const again = await node.untilPod(pod, isRestarted('app'))
    t.match(statusOf(again, 'app')?.lastState.terminated, { exitCode: 255, reason: 'Unknown' })
    t.equal(await node.exec(pod, 'app', 'cat', file), password)
  }
  const [sidecar] = pods
  if (!sidecar) throw new Error('no pod has a sidecar')
  const agent = agentStatus(await node.untilPod(sidecar, isRestarted('app', 'akv-injector')))
  t.match(agent?.lastState.terminated, {
    exitCode: 255,
    message: /^The agent was killed, .* 255: its node was restarted\./,
  })
  t.match(await node.logs(sidecar, 'akv-injector'), 'using the complete set left by a previous run')
})

/** How far a pod has come, in a word. */
function phaseOf(pod: RunningPod): string {
  const { containerStatuses: [app] = [], conditions = [] } = pod.status
  if (app?.state.running) return 'running'
  const agent = agentStatus(pod)?.state
  if (agent?.running) return 'fetching'
  return conditions.some(({ type }) => type === 'PodScheduled') ? 'starting' : 'pending'
}

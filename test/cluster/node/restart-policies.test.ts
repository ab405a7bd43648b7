import t from 'tap'
import type { KubeObject } from '../client/api.ts'
import { until } from '../client/cluster.ts'
import { envIfSupported, supportsEnv, variableOrFile } from '../client/env-support.ts'
import { appContainer, appPod, mountPath, password, shell } from './harness/app-pod.ts'
import { agentStatus, lastMessage, statusOf } from './harness/containers.ts'
import { hasEnded, openNode } from './harness/open-node.ts'

/** Tests pods that end: by themselves, as Jobs, as CronJobs, and because the agent fails. */
const node = openNode(t)
const namespace = await node.namespace()
const file = `${mountPath}/db-password`
const passwordWord = variableOrFile('DB_PASSWORD', file)
const modes = { init: {}, sidecar: { refresh: '5m' } }
const perMode = <T>(make: (mode: keyof typeof modes) => T) => [make('init'), make('sidecar')]

const never = perMode((mode) =>
  appPod({
    namespace,
    name: `never-${mode}`,
    annotations: { secrets: 'db-password', ...modes[mode] },
    app: shell(`cat ${file}`),
    // A busy machine may be slower than the second that other pods here have, and the kubelet would kill the agent.
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 3600 },
  }),
)
const onFailure = perMode((mode) =>
  appPod({
    namespace,
    name: `on-failure-${mode}`,
    annotations: supportsEnv
      ? { env: 'DB_PASSWORD=db-password', ...modes[mode] }
      : { secrets: 'db-password', ...modes[mode] },
    app: {
      ...shell(
        `if [ -e /tried/once ]; then printf %s ${passwordWord}; else touch /tried/once; exit 1; fi`,
      ),
      volumeMounts: [{ name: 'tried', mountPath: '/tried' }],
    },
    spec: { restartPolicy: 'OnFailure', volumes: [{ name: 'tried', emptyDir: {} }] },
  }),
)
const failing = perMode((mode) =>
  appPod({
    namespace,
    name: `failing-${mode}`,
    annotations: { secrets: 'absent', ...modes[mode] },
    spec: { restartPolicy: 'Never' },
  }),
)
const jobs = perMode((mode) => object('Job', `job-${mode}`, jobSpec(mode)))
const cronJobs = perMode((mode) =>
  object('CronJob', `cron-${mode}`, {
    schedule: '* * * * *',
    concurrencyPolicy: 'Forbid',
    jobTemplate: { spec: jobSpec(mode) },
  }),
)
await node.apply(...never, ...onFailure, ...failing, ...jobs, ...cronJobs)

for (const pod of never)
  t.test(`${pod.metadata.name}: the pod ends with its app`, async (t) => {
    const ended = await node.untilPod(pod, hasEnded)
    t.equal(ended.status.phase, 'Succeeded')
    t.match(agentStatus(ended)?.state.terminated, { exitCode: 0 })
    t.equal(await node.logs(pod, 'app'), password)
  })

for (const pod of onFailure)
  t.test(`${pod.metadata.name}: the second attempt has the same files and variables`, async (t) => {
    const ended = await node.untilPod(pod, hasEnded)
    t.equal(ended.status.phase, 'Succeeded')
    t.equal(statusOf(ended, 'app')?.restartCount, 1)
    t.equal(await node.logs(pod, 'app'), password)
  })

for (const job of jobs)
  t.test(`${job.metadata.name}: the Job completes`, async (t) => {
    await until(async () => (await statusOfJob(job))['succeeded'] === 1, 60_000)
    t.notOk((await statusOfJob(job))['failed'])
  })

for (const cronJob of cronJobs)
  t.test(`${cronJob.metadata.name}: the scheduled Job completes`, async (t) => {
    await until(
      async () => (await statusOfJob(cronJob))['lastSuccessfulTime'] !== undefined,
      120_000,
    )
    t.pass('it is')
  })

for (const pod of failing)
  t.test(`${pod.metadata.name}: the pod fails without starting its app`, async (t) => {
    const message = 'AKV_OBJECT_NOT_FOUND: secret team-a:absent'
    const told = await node.untilPod(pod, (found) => lastMessage(found)?.includes(message) === true)
    t.equal(statusOf(told, 'app')?.containerID, undefined)
    // The kubelet restarts a sidecar regardless of the pod's restart policy. An earlier deadline could end a run of the agent, which
    // then has no message.
    if (pod.metadata.name === 'failing-sidecar') await setDeadline(pod)
    const ended = await node.untilPod(pod, hasEnded)
    t.equal(ended.status.phase, 'Failed')
    t.equal(statusOf(ended, 'app')?.containerID, undefined)
  })

/** Ends a pod that has been running for a second. */
const setDeadline = ({ metadata }: KubeObject) =>
  node.kubectl(
    ...['patch', 'pod', `${metadata.name}`, `--namespace=${namespace}`],
    ...['--type=merge', '--patch={"spec":{"activeDeadlineSeconds":1}}'],
  )

/** A Job without retries. */
function jobSpec(mode: keyof typeof modes) {
  const { metadata, spec } = appPod({
    namespace,
    name: 'job',
    annotations: {
      secrets: 'db-password',
      ...envIfSupported('DB_PASSWORD=db-password'),
      ...modes[mode],
    },
    spec: {
      restartPolicy: 'Never',
      containers: [{ ...appContainer('app'), ...shell(`[ "$(cat ${file})" = ${passwordWord} ]`) }],
    },
  })
  const { labels, annotations } = metadata
  return { backoffLimit: 0, template: { metadata: { labels, annotations }, spec } }
}

function object(kind: string, name: string, spec: object): KubeObject {
  return { apiVersion: 'batch/v1', kind, metadata: { name, namespace }, spec }
}

async function statusOfJob(job: KubeObject): Promise<Readonly<Record<string, unknown>>> {
  return ((await node.cluster.get(job)).body['status'] ?? {}) as Readonly<Record<string, unknown>>
}

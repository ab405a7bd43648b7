import t from 'tap'
import { until } from '../client/cluster.ts'
import { appPod, mountPath } from './harness/app-pod.ts'
import { isRunning, openNode, podTimeoutMs } from './harness/open-node.ts'

const node = openNode(t)

/** One rests between refreshes in a process that only waits, and the other works. */
const pods = { resting: {}, working: { 'stale-after': '5h' } }

t.test('pods refresh when an annotation asks them to', async (t) => {
  const namespace = await node.namespace()
  const annotations = { secrets: 'asked', refresh: '1h' }
  const podOf = (name: string, more: object) =>
    appPod({ namespace, name, annotations: { ...annotations, ...more } })
  const all = Object.entries(pods).map(([name, more]) => podOf(name, more))
  await node.apply(...all)
  for (const pod of all) await node.untilPod(pod, isRunning)
  const valueIn = (pod: (typeof all)[number]) => node.exec(pod, 'app', 'cat', `${mountPath}/asked`)
  for (const [i, value] of ['first', 'second'].entries()) {
    await node.control('/rotate', { vault: 'team-a', name: 'asked', value })
    const askedAtMs = Date.now()
    await node.kubectl(
      ...['annotate', 'pods', '-n', namespace, '--all', '--overwrite'],
      `akv-injector.io/refresh-now=${i}`,
    )
    for (const pod of all) {
      await until(async () => (await valueIn(pod)) === value, podTimeoutMs)
      const refreshedMs = Date.now() - askedAtMs
      const log = () => node.logs(pod, 'akv-injector')
      const served = 'refreshed, as it was asked for'
      await until(async () => timesOf(await log(), served).length === i + 1, podTimeoutMs)
      const noticed = timesOf(await log(), 'a refresh was asked for')
      t.equal(noticed.length, i + 1)
      const noticedMs = (noticed.at(-1) ?? Number.NaN) - askedAtMs
      t.comment(
        `${pod.metadata.name}: noticed after ${noticedMs} ms, refreshed after ${refreshedMs} ms`,
      )
    }
  }
})

/** When the lines with this message were written. An agent that rests writes the line when it resumes its work. */
const timesOf = (log: string, message: string): readonly number[] =>
  log
    .split('\n')
    .filter((line) => line.includes(`"${message}"`))
    .map((line) => Date.parse(JSON.parse(line).time))

import { setTimeout as delay } from 'node:timers/promises'
import { defaultMountPath } from '../../../../webhook/core/model/our-names.ts'
import type { Bench } from '../../../bench/bench.ts'
import type { KubeObject } from '../../client/api.ts'
import { until } from '../../client/cluster.ts'
import type { BenchNode } from './bench-node.ts'
import { benchPod } from './bench-pod.ts'
import { inWords } from './in-words.ts'

const refreshSeconds = 30

/** Rotates a secret that several pods refresh at different times, and then restarts their apps for the variable. */
export const benchRotation =
  (node: BenchNode): Bench =>
  async ({ isSmoke }) => {
    const pods = Array.from({ length: isSmoke ? 1 : 10 }, (_, index) => pod(`rotation-${index}`))
    await Promise.all(pods.map((pod) => node.start(pod)))
    const fileMs: number[] = []
    for (let rotation = 1; rotation <= (isSmoke ? 1 : 2); rotation++)
      fileMs.push(...(await rotate(node, pods, `rotation-${rotation}`)))
    const restartMs: number[] = []
    for (const pod of pods) restartMs.push(await restartApp(node, pod))
    await Promise.all(pods.map((pod) => node.remove(pod)))
    return [
      { what: `to the app’s file, at a refresh of ${refreshSeconds}s`, value: inWords(fileMs) },
      { what: 'from the end of an app to one with the new variable', value: inWords(restartMs) },
    ]
  }

async function rotate(node: BenchNode, pods: readonly KubeObject[], value: string) {
  // The previous rotation ended with a refresh. This one should fall at a random point of an interval.
  await delay(Math.random() * refreshSeconds * 1_000)
  await node.control('/rotate', { vault: 'team-b', name: 'shared-token', value })
  const rotatedMs = Date.now()
  return await Promise.all(
    pods.map(async (pod) => (await untilSaid(node, pod, `file ${value}`)) - rotatedMs),
  )
}

/** The kubelet reads the variables again each time it starts a container. */
async function restartApp(node: BenchNode, pod: KubeObject): Promise<number> {
  const [before] = (await node.readStatus(pod)).containerStatuses ?? []
  // A command in the container would be killed together with it.
  await node.exec(pod, 'app', 'touch', '/tmp/end')
  const startedMs = await untilSaid(node, pod, 'variable rotation-')
  return startedMs - node.times(before?.containerID ?? '').finishedMs
}

/** @returns the time at which the app logged the value */
async function untilSaid(node: BenchNode, pod: KubeObject, start: string): Promise<number> {
  let atMs: number | undefined
  await until(async () => {
    // The line has a time stamp, so the interval of this poll doesn't matter.
    await delay(1_000)
    const lines = await node.lines(pod, 'app')
    atMs = lines.find(({ text }) => text.startsWith(start))?.atMs
    return atMs !== undefined
  }, 60_000)
  return atMs ?? Number.NaN
}

/** A script that prints the variable when it starts, and the file each time it changes. */
const pod = (name: string): KubeObject =>
  benchPod({
    name,
    annotations: {
      secrets: 'token=shared-token',
      env: 'TOKEN=shared-token',
      refresh: `${refreshSeconds}s`,
    },
    commands: `trap exit TERM
echo "variable $TOKEN"
while [ ! -e /tmp/end ]; do
  now=$(cat ${defaultMountPath}/token)
  [ "$now" = "$was" ] || echo "file $now"
  was=$now
  sleep 0.2 & wait
done`,
  })

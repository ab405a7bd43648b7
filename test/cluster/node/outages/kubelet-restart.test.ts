import t from 'tap'
import { envIfSupported, variableOrFile } from '../../client/env-support.ts'
import { appPod, mountPath, password } from '../harness/app-pod.ts'
import { killKubelet } from '../harness/containers.ts'
import { openDrills } from '../harness/explain.ts'
import { isRunning, openNode, type RunningPod } from '../harness/open-node.ts'

/** Tests pods while the kubelet crashes or is upgraded. */
const node = openNode(t)
const explain = await openDrills(t, 'outages/kubelet-restart.test.ts')
const namespace = await node.namespace()
const file = `${mountPath}/db-password`
const podOf = (name: string, refresh: string) =>
  appPod({
    namespace,
    name,
    annotations: { secrets: 'db-password', ...envIfSupported('DB_PASSWORD=db-password'), refresh },
  })

t.test('pods don’t notice a restart of the kubelet', async (t) => {
  const pods = [podOf('init', '0'), podOf('sidecar', '24h')]
  await node.apply(...pods)
  const before = []
  for (const pod of pods) before.push(await node.untilPod(pod, isReady))
  killKubelet(node)
  // Only the new kubelet can have started this pod.
  const later = podOf('later', '24h')
  await node.apply(later)
  await node.untilPod(later, isRunning)
  for (const pod of before) {
    const after = await node.untilPod(pod, isReady)
    t.strictSame(containersOf(after), containersOf(pod))
    const read = ['sh', '-c', `cat ${file}; printf %s ${variableOrFile('DB_PASSWORD', file)}`]
    t.equal(await node.exec(pod, 'app', ...read), `${password}${password}`)
  }
  await explain(t, t.name, later)
})

/** The agent's container, too, whether it has ended or is a sidecar. */
const isReady = (pod: RunningPod) =>
  isRunning(pod) && (pod.status.initContainerStatuses ?? []).every(({ ready }) => ready)

const containersOf = ({ status }: RunningPod) =>
  [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(
    ({ name, containerID, restartCount, ready }) => ({ name, containerID, restartCount, ready }),
  )

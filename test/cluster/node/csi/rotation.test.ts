import t from 'tap'
import { withoutHelm } from '../../../manifests/helm.ts'
import { until } from '../../client/cluster.ts'
import { csiLabel } from '../../csi/harness/csi-pods.ts'
import { shell } from '../harness/app-pod.ts'
import { agentStatus, isRestarted, killContainer, killSandbox } from '../harness/containers.ts'
import { isRunning, openNode } from '../harness/open-node.ts'
import { classOf, csiApp } from './harness/csi-app.ts'
import { serveLabelled } from './harness/serve-labelled.ts'

/** Tests served pods with `csi.refresh` whose secrets rotate, and whose containers are killed. */
if (withoutHelm) {
  t.plan(0, withoutHelm)
  process.exit()
}
const node = openNode(t)
await serveLabelled(t, node, { refresh: '30s' })
const namespace = await node.namespace(csiLabel)
/** A name for this run, because a node that is used again keeps the vault of the previous run. */
const name = `rotating-${process.pid}`
await node.control('/create', { vault: 'team-a', name, value: 'before' })
const shop = classOf({ namespace, name: 'shop', vault: 'team-a', secrets: [name] })
const partner = classOf({ namespace, name: 'partner', vault: 'team-b', secrets: ['shared-token'] })
const classes = { shop: 'shop', partner: 'partner' }
const file = `/mnt/shop/${name}`

const rotated = csiApp({ namespace, name: 'rotated', classes })
const fetchesOnce = csiApp({
  ...{ namespace, name: 'fetches-once', classes, annotations: { refresh: '0' } },
})
const watches = shell(
  `while value=$(cat ${file}) && [ "$value" ]; do sleep 0.05; done; echo missing; sleep infinity`,
)
const agentKilled = csiApp({ namespace, name: 'agent-killed', classes, app: watches })
const sandboxKilled = csiApp({ namespace, name: 'sandbox-killed', classes })
await node.apply(shop, partner, rotated, fetchesOnce, agentKilled, sandboxKilled)

t.test('a rotation in one vault changes only the volume of that vault', async (t) => {
  for (const pod of [rotated, fetchesOnce]) await node.untilPod(pod, isRunning)
  const links = async () => {
    const paths = ['/mnt/shop/..data', '/mnt/partner/..data']
    const [shop, partner] = await Promise.all(
      paths.map((path) => node.exec(rotated, 'app', 'readlink', path)),
    )
    return { shop, partner }
  }
  const before = await links()
  t.equal(await node.exec(rotated, 'app', 'cat', file), 'before')
  await node.control('/rotate', { vault: 'team-a', name, value: 'after' })
  await until(async () => (await node.exec(rotated, 'app', 'cat', file)) === 'after', 90_000)
  const after = await links()
  t.not(after.shop, before.shop)
  t.equal(after.partner, before.partner)
  t.equal(await node.exec(fetchesOnce, 'app', 'cat', file), 'before', 'its annotation says 0')
})

t.test('a killed agent starts again, and the files are never missing', async (t) => {
  const pod = await node.untilPod(agentKilled, isRunning)
  const agent = agentStatus(pod)
  if (!agent) throw new Error('the pod has no agent')
  await killContainer(node, agent)
  await node.untilPod(agentKilled, isRestarted('akv-injector'))
  t.match(await node.exec(agentKilled, 'app', 'cat', file), /before|after/)
  t.equal(await node.logs(agentKilled, 'app'), '')
})

t.test('a restarted pod has its files again', async (t) => {
  const pod = await node.untilPod(sandboxKilled, isRunning)
  await killSandbox(node, pod)
  await node.untilPod(sandboxKilled, isRestarted('akv-injector', 'app'))
  t.match(await node.exec(sandboxKilled, 'app', 'cat', file), /before|after/)
  t.match(await node.exec(sandboxKilled, 'app', 'cat', '/mnt/partner/shared-token'), /^.{24}$/)
})

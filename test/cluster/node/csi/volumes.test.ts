import t from 'tap'
import { withoutHelm } from '../../../manifests/helm.ts'
import { csiLabel } from '../../csi/harness/csi-pods.ts'
import { appContainer, password, shell } from '../harness/app-pod.ts'
import { isRunning, openNode } from '../harness/open-node.ts'
import { classOf, csiApp } from './harness/csi-app.ts'
import { serveLabelled } from './harness/serve-labelled.ts'

/** Tests volumes of the Secrets Store CSI Driver as containers see them, on a node without the driver. */
if (withoutHelm) {
  t.plan(0, withoutHelm)
  process.exit()
}
const node = openNode(t)
await serveLabelled(t, node)
const namespace = await node.namespace(csiLabel)
const shop = classOf({
  ...{ namespace, name: 'shop', vault: 'team-a' },
  secrets: ['db-password', 'api-key'],
})
const partner = classOf({
  ...{ namespace, name: 'partner', vault: 'team-b' },
  secrets: ['shared-token'],
})
const byAccount = classOf({
  ...{ namespace, name: 'by-account', vault: 'team-a', secrets: ['db-password'] },
  parameters: { clientID: '' },
})
const classes = { shop: 'shop', partner: 'partner' }
const mount = (name: string, mountPath: string, others: object = {}) => ({
  ...{ name, mountPath },
  ...others,
})
const onlyShop = { namespace, classes: { shop: 'shop' } }

const twoVaults = csiApp({
  ...{ namespace, name: 'two-vaults', classes },
  app: {
    volumeMounts: [
      mount('shop', '/mnt/shop', { readOnly: true }),
      mount('shop', '/etc/one/password', { subPath: 'db-password' }),
      mount('partner', '/mnt/partner'),
    ],
  },
})
const withInit = csiApp({
  ...onlyShop,
  name: 'with-init',
  spec: {
    initContainers: [
      {
        ...{ ...appContainer('migrate'), ...shell('cat /mnt/shop/db-password') },
        volumeMounts: [mount('shop', '/mnt/shop')],
      },
    ],
  },
})
const early = (volumeMount: object, name: string) =>
  csiApp({
    ...{ ...onlyShop, name, annotations: { position: 'after:early' } },
    spec: {
      initContainers: [
        {
          ...{ ...appContainer('early'), ...shell('ls -A /mnt/shop; echo end') },
          volumeMounts: [volumeMount],
        },
      ],
    },
  })
const beforeAgent = early(mount('shop', '/mnt/shop'), 'before-agent')
const grouped = csiApp({
  ...{ ...onlyShop, name: 'grouped' },
  spec: { securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000 } },
})
const nonRoot = csiApp({
  ...{ ...onlyShop, name: 'non-root' },
  spec: { securityContext: { runAsUser: 1000, runAsGroup: 3000 } },
})
const besideIdentity = csiApp({
  ...{ namespace, name: 'beside-identity', classes: { shop: 'by-account' } },
  labels: { 'azure.workload.identity/use': 'true' },
  spec: { serviceAccountName: 'web' },
})
await node.apply(shop, partner, byAccount)
await node.apply(twoVaults, withInit, beforeAgent, grouped, nonRoot, besideIdentity)

t.test('volumes of two vaults are mounted at their paths, read-only and in memory', async (t) => {
  await node.untilPod(twoVaults, isRunning)
  const exec = (...command: string[]) => node.exec(twoVaults, 'app', ...command)
  t.equal(await exec('cat', '/mnt/shop/db-password'), password)
  t.match(await exec('cat', '/mnt/partner/shared-token'), /^.{24}$/)
  t.equal(await exec('ls', '/mnt/shop'), 'api-key\ndb-password\n')
  t.equal(await exec('ls', '/mnt/partner'), 'shared-token\n')
  const mounts = await exec('cat', '/proc/mounts')
  for (const path of ['/mnt/shop', '/mnt/partner', '/etc/one/password'])
    t.match(mounts, new RegExp(`^tmpfs ${path} tmpfs ro,`, 'm'))
  await t.rejects(exec('sh', '-c', 'echo x >/mnt/partner/mine'), /Read-only file system/)
})

t.test('a subPath mount in a container that starts after the agent has the file', async (t) => {
  await node.untilPod(twoVaults, isRunning)
  t.equal(await node.exec(twoVaults, 'app', 'cat', '/etc/one/password'), password)
})

t.test('a subPath mount in a container that starts before the agent is refused', async (t) => {
  const pod = early(mount('shop', '/mnt/shop/x', { subPath: 'db-password' }), 'early-sub-path')
  const { status, body } = await node.create(pod)
  t.equal(status, 400)
  t.match(body.message, /container early.*subPath/s)
})

t.test('an init container after the agent sees the files', async (t) => {
  await node.untilPod(withInit, isRunning)
  t.equal(await node.logs(withInit, 'migrate'), password)
})

t.test('an init container before the agent sees an empty folder, and a warning', async (t) => {
  const again = { ...beforeAgent, metadata: { ...beforeAgent.metadata, name: 'again' } }
  const { warnings } = await node.create(again, { dryRun: true })
  t.match(warnings.join('\n'), /early/)
  await node.untilPod(beforeAgent, isRunning)
  t.equal(await node.logs(beforeAgent, 'early'), 'end\n')
  t.equal(await node.exec(beforeAgent, 'app', 'cat', '/mnt/shop/db-password'), password)
})

for (const [pod, group] of [
  [grouped, 2000],
  [nonRoot, 3000],
] as const)
  t.test(`${pod.metadata.name}: the files have mode 0644 and group ${group}`, async (t) => {
    await node.untilPod(pod, isRunning)
    const path = '/mnt/shop/db-password'
    const stat = await node.exec(pod, 'app', 'stat', '-L', '-c', '%a %u %g', path)
    t.equal(stat, `644 1000 ${group}\n`)
    t.equal(await node.exec(pod, 'app', 'cat', path), password)
  })

t.test('a class without a client is served beside azure-workload-identity’s webhook', async (t) => {
  await node.untilPod(besideIdentity, isRunning)
  t.equal(await node.exec(besideIdentity, 'app', 'cat', '/mnt/shop/db-password'), password)
  t.match(await node.exec(besideIdentity, 'app', 'env'), 'AZURE_FEDERATED_TOKEN_FILE')
})

t.test('pods run in a namespace with Pod Security restricted', async (t) => {
  const namespace = await node.namespace({
    ...csiLabel,
    'pod-security.kubernetes.io/enforce': 'restricted',
  })
  const security = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
  const pod = csiApp({
    ...{ namespace, name: 'restricted', classes: { shop: 'shop' } },
    app: { securityContext: security },
    spec: {
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: 1000 },
        seccompProfile: { type: 'RuntimeDefault' },
      },
    },
  })
  await node.apply({ ...shop, metadata: { ...shop.metadata, namespace } }, pod)
  await node.untilPod(pod, isRunning)
  t.equal(await node.exec(pod, 'app', 'cat', '/mnt/shop/db-password'), password)
})

import t from 'tap'
import { until } from '../client/cluster.ts'
import { envIfSupported, supportsEnv } from '../client/env-support.ts'
import { appContainer, appPod, mountPath, password, shell } from './harness/app-pod.ts'
import { isRunning, openNode } from './harness/open-node.ts'

/** Tests the files as containers see them: place, owner, mode, and which containers can't see them. */
const node = openNode(t)
const namespace = await node.namespace()
const file = `${mountPath}/db-password`

const plain = appPod({
  namespace,
  name: 'plain',
  annotations: {
    ...{ containers: 'app', secrets: 'db-password', refresh: '5m' },
    ...envIfSupported('API_KEY=api-key'),
    'client-id': '22222222-2222-2222-2222-222222222222',
    'tenant-id': '11111111-1111-1111-1111-111111111111',
  },
  labels: {},
  spec: { containers: [appContainer('app'), appContainer('unnamed')] },
})
const grouped = appPod({
  namespace,
  name: 'grouped',
  annotations: { secrets: 'db-password, creds/key=api-key' },
  spec: { securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000 } },
})
const twoUsers = appPod({
  namespace,
  name: 'two-users',
  annotations: {
    secrets: 'db-password',
    objects: '[{ objectName: api-key, objectType: secret, filePermission: "0400" }]',
    'run-as': '1001',
  },
  spec: {
    containers: [1001, 1002].map((runAsUser) => ({
      ...appContainer(`as-${runAsUser}`),
      securityContext: { runAsUser },
    })),
  },
})
const tokenless = appPod({
  namespace,
  name: 'tokenless',
  spec: { automountServiceAccountToken: false },
})
const onHost = appPod({ namespace, name: 'on-host', spec: { hostNetwork: true } })
/** A name for this run: on a node that is used again, the vault still lacks the object that the previous run deleted. */
const doomed = `doomed-${process.pid}`
const notices = '/tmp/notices'
const listening = appPod({
  namespace,
  name: 'listening',
  annotations: {
    secrets: `${doomed}, kept=tls-passphrase`,
    refresh: '30s',
    'on-deleted': 'remove',
    notify: 'http://127.0.0.1:9000/changed?by=akv',
  },
  app: shell(
    `while printf 'HTTP/1.1 204 No Content\\r\\n\\r\\n' | nc -l -p 9000 >>${notices}; do :; done`,
  ),
})
await node.control('/create', { vault: 'team-a', name: doomed, value: 'for now' })
const pods = [plain, grouped, twoUsers, tokenless, onHost, listening]
await node.apply(...pods)
// Its next refresh is up to half a minute away. Meanwhile the other tests run.
await node.untilPod(listening, isRunning)
await node.control('/set', { vault: 'team-a', name: doomed, deleted: true })

t.test('the files are on a tmpfs with a size limit, and read-only', async (t) => {
  await node.untilPod(plain, isRunning)
  const mounts = await node.exec(plain, 'app', 'cat', '/proc/mounts')
  t.match(mounts, /^tmpfs \/mnt\/secrets-store tmpfs ro,.*size=16384k/m)
  for (const command of [
    `echo x >${file}`,
    `echo x >${mountPath}/mine`,
    `rm ${file}`,
    `ln -sf /etc/passwd ${mountPath}/..data`,
    `mount -o remount,rw ${mountPath}`,
  ])
    await t.rejects(
      node.exec(plain, 'app', 'sh', '-c', command),
      /Read-only file system|permission denied|Operation not permitted/i,
      command,
    )
  t.equal(await node.exec(plain, 'app', 'cat', file), password)
})

t.test('a container that isn’t named sees no files', async (t) => {
  const seen = await node.exec(plain, 'unnamed', 'sh', '-c', 'cat /proc/mounts; env')
  t.match(seen, '/var/run/secrets/kubernetes.io', 'what any pod sees')
  t.notMatch(seen, /secrets-store|API_KEY/)
})

t.test('no container sees the agent’s token or the file with the variables', async (t) => {
  const script = 'exec 2>&1; cat /proc/mounts; ls -d /akv /proc/[0-9]*; cat /proc/[0-9]*/environ; :'
  for (const container of ['app', 'unnamed']) {
    const seen = await node.exec(plain, container, 'sh', '-c', script)
    t.match(seen, 'ls: /akv: No such file')
    t.match(seen, `HOSTNAME=${plain.metadata.name}`)
    t.notMatch(seen, /AKV_INJECTOR_CONFIG|AZURE|akv-injector-(env|identity)/)
  }
})

t.test('with fsGroup only that group can read the files', async (t) => {
  await node.untilPod(grouped, isRunning)
  const stat = (path: string) =>
    node.exec(grouped, 'app', 'stat', '-L', '-c', '%a %u %g', `${mountPath}/${path}`)
  t.equal(await stat('db-password'), '440 1000 2000\n')
  t.equal(await stat('creds/key'), '440 1000 2000\n')
  t.equal(await stat('creds'), '2755 1000 2000\n')
  t.equal(await node.exec(grouped, 'app', 'cat', file), password)
})

t.test('with mode 0400 only the agent’s user can read the files', async (t) => {
  const { warnings } = await node.create(
    { ...twoUsers, metadata: { ...twoUsers.metadata, name: 'again' } },
    { dryRun: true },
  )
  t.match(warnings.join('\n'), /container as-1002 may not be able to read files of mode 0400/)
  await node.untilPod(twoUsers, isRunning)
  const cat = (container: string, name: string) =>
    node.exec(twoUsers, container, 'cat', `${mountPath}/${name}`)
  t.equal(await cat('as-1002', 'db-password'), password)
  t.match(await cat('as-1001', 'api-key'), /^.{32}$/)
  await t.rejects(cat('as-1002', 'api-key'), /Permission denied/)
})

t.test('a pod without a service account token has files, and still no token', async (t) => {
  await node.untilPod(tokenless, isRunning)
  t.equal(await node.exec(tokenless, 'app', 'cat', file), password)
  t.notMatch(await node.exec(tokenless, 'app', 'cat', '/proc/mounts'), 'kubernetes.io')
})

t.test('pods in the host’s network have files', async (t) => {
  const { status } = await node.untilPod(onHost, isRunning)
  t.equal(status.podIP, new URL(node.environment.vault.url).hostname)
  t.equal(await node.exec(onHost, 'app', 'cat', file), password)
})

t.test('the file of a deleted object is removed, and the app is notified', async (t) => {
  await until(async () => {
    const names = await node.exec(listening, 'app', 'ls', mountPath)
    return names === 'kept\n'
  }, 60_000)
  t.match(await node.exec(listening, 'app', 'cat', `${mountPath}/kept`), /^\w+$/)
  await until(async () => (await node.exec(listening, 'app', 'cat', notices)).includes('\r\n\r\n'))
  const notice = await node.exec(listening, 'app', 'cat', notices)
  t.match(notice, /^POST \/changed\?by=akv HTTP\/1\.1\r\nHost: 127\.0\.0\.1:9000\r\n/)
  t.notMatch(notice, /doomed|for now|authorization/i)
})

t.test('the author of a pod can’t mount our volumes', async (t) => {
  const mounts = [
    { name: 'akv-injector-identity', mountPath: '/identity' },
    { name: 'akv-injector-env', mountPath: '/variables' },
    { name: 'akv-injector-files', mountPath: '/file', subPath: '..data/db-password' },
    { name: 'akv-injector-files', mountPath: '/all', subPathExpr: '$(HOME)' },
    { name: 'akv-injector-files', mountPath: '/writable' },
  ]
  for (const volumeMount of mounts) {
    const app = { volumeMounts: [volumeMount] }
    const { status, body } = await node.create(
      appPod({
        namespace,
        name: 'thief',
        annotations: { secrets: 'db-password', env: 'API_KEY=api-key' },
        app,
      }),
    )
    t.equal(status, 400, JSON.stringify(volumeMount))
    t.match(body.message, `volume ${volumeMount.name} may only be mounted by the webhook`)
  }
})

t.test('the author of a pod can’t read our volume by a variable', async (t) => {
  const fileKeyRef = { volumeName: 'akv-injector-env', path: 'env', key: 'API_KEY' }
  const other = { ...appContainer('other'), env: [{ name: 'COPY', valueFrom: { fileKeyRef } }] }
  const { status, body } = await node.create(
    appPod({
      ...{ namespace, name: 'thief', annotations: { env: 'API_KEY=api-key', containers: 'app' } },
      // azure-workload-identity's webhook would remove the variable's source.
      labels: {},
      spec: { containers: [appContainer('app'), other] },
    }),
  )
  t.equal(status, 400)
  t.match(
    body.message,
    // An API server without fileKeyRef drops it before the webhook sees the pod.
    supportsEnv
      ? 'container other, env COPY: volume akv-injector-env may only be read by the webhook'
      : 'needs Kubernetes 1.35',
  )
})

t.test('the author of a pod can’t name the agent among the containers', async (t) => {
  const annotations = { secrets: 'db-password', containers: 'akv-injector' }
  const { status, body } = await node.create(appPod({ namespace, name: 'thief', annotations }))
  t.equal(status, 400)
  t.match(body.message, 'the pod has no container of this name; it has app')
})

import t from 'tap'
import type { KubeObject } from '../client/api.ts'
import { envIfSupported, supportsEnv, variableOrFile } from '../client/env-support.ts'
import type { Container, Pod } from '../client/pods.ts'
import { serveOtherWebhook } from '../webhook/harness/other-webhook.ts'
import { appContainer, appPod, mountPath, password, sharingProcesses } from './harness/app-pod.ts'
import { lastMessage } from './harness/containers.ts'
import { isRunning, openNode } from './harness/open-node.ts'

/** Tests the identities of pods, and namespaces with limits and other webhooks. */
const node = openNode(t)
const namespace = await node.namespace()
const file = `${mountPath}/db-password`
const [web, report] = [
  '22222222-2222-2222-2222-222222222222',
  '33333333-3333-3333-3333-333333333333',
]
const tenant = '11111111-1111-1111-1111-111111111111'
const filesAndEnv = { secrets: 'db-password', ...envIfSupported('DB_PASSWORD=db-password') }

const reportAccount: KubeObject = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: {
    name: 'report',
    namespace,
    annotations: { 'azure.workload.identity/client-id': report },
  },
}
const ofReport = { vault: 'reports', secrets: 'db-password' }
const short = { timeout: '2s' }
const asReport = appPod({
  namespace,
  name: 'as-report',
  annotations: ofReport,
  spec: { serviceAccountName: 'report' },
})
const asWeb = appPod({ namespace, name: 'as-web', annotations: { ...ofReport, ...short } })
const pretending = appPod({
  namespace,
  name: 'pretending',
  annotations: { ...ofReport, ...short, 'client-id': report },
})
const byAnnotation = appPod({
  namespace,
  name: 'by-annotation',
  annotations: { ...filesAndEnv, 'client-id': web, 'tenant-id': tenant },
  labels: {},
})
const labelled = appPod({ namespace, name: 'labelled', annotations: filesAndEnv })

await node.apply(reportAccount, asReport, asWeb, pretending, byAnnotation, labelled)

t.test('service accounts of one namespace sign in as different identities', async (t) => {
  await node.untilPod(asReport, isRunning)
  t.equal(await node.exec(asReport, 'app', 'cat', file), 'for reports only')
  const refused = await node.untilPod(
    asWeb,
    (pod) => lastMessage(pod)?.includes('AKV_FORBIDDEN') === true,
  )
  t.match(lastMessage(refused), `AKV_FORBIDDEN: secret reports:db-password: client ${web}`)
})

t.test('a pod that names another account’s identity gets nothing', async (t) => {
  const refused = await node.untilPod(
    pretending,
    (pod) => lastMessage(pod)?.includes('AKV_FEDERATION') === true,
  )
  t.match(lastMessage(refused), `AKV_FEDERATION_MISMATCH: client ${report}`)
  t.match(lastMessage(refused), `system:serviceaccount:${namespace}:web`)
})

t.test(
  'with azure-workload-identity’s webhook the app has the changes of both webhooks',
  async (t) => {
    await node.untilPod(labelled, isRunning)
    const env = await node.exec(labelled, 'app', 'env')
    if (supportsEnv) t.match(env, `DB_PASSWORD=${password}`)
    t.match(env, `AZURE_CLIENT_ID=${web}`)
    const token = await node.exec(labelled, 'app', 'sh', '-c', 'cat $AZURE_FEDERATED_TOKEN_FILE')
    t.match(token, /^eyJ/)
    t.equal(await node.exec(labelled, 'app', 'cat', file), password)
  },
)

t.test('a pod that names its identity doesn’t need that webhook', async (t) => {
  await node.untilPod(byAnnotation, isRunning)
  const env = await node.exec(byAnnotation, 'app', 'env')
  if (supportsEnv) t.match(env, `DB_PASSWORD=${password}`)
  t.notMatch(env, 'AZURE_')
  t.equal(await node.exec(byAnnotation, 'app', 'cat', file), password)
})

t.test('pods run in a namespace with Pod Security restricted and a LimitRange', async (t) => {
  const namespace = await node.namespace({ 'pod-security.kubernetes.io/enforce': 'restricted' })
  await node.apply({
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'defaults', namespace },
    spec: { limits: [{ type: 'Container', default: { cpu: '200m', memory: '32Mi' } }] },
  })
  const restricted = {
    securityContext: {
      ...{ runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 },
      seccompProfile: { type: 'RuntimeDefault' },
    },
  }
  const app = {
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  }
  const pods = ['0', '5m'].map((refresh) =>
    appPod({
      ...{ namespace, name: `refresh-${refresh}`, app, spec: restricted },
      annotations: { ...filesAndEnv, refresh },
    }),
  )
  await node.apply(...pods)
  for (const pod of pods) {
    const { spec } = await node.untilPod(pod, isRunning)
    t.equal(await node.exec(pod, 'app', 'cat', file), password)
    const [own] = (spec as Pod['spec']).containers
    t.match(own?.resources, { limits: { cpu: '200m' } }, 'the defaults came')
  }
})

t.test('pods run with a webhook that rewrites images and adds a container last', async (t) => {
  const namespace = await node.namespace()
  await serveOtherWebhook(t, node.cluster, {
    name: 'zzz-rewrites-and-adds',
    namespace,
    change: rewriteAndAdd,
  })
  const pod = appPod({
    namespace,
    name: 'changed',
    annotations: filesAndEnv,
    app: { image: 'registry.example/busybox:1.37' },
  })
  await node.apply(pod)
  await node.untilPod(pod, isRunning)
  t.equal(await node.exec(pod, 'app', 'cat', file), password)
  const print = `printf %s ${variableOrFile('DB_PASSWORD', file)}`
  t.equal(await node.exec(pod, 'app', 'sh', '-c', print), password)
  const seen = await node.exec(pod, 'added', 'sh', '-c', 'cat /proc/mounts; env')
  t.notMatch(seen, /secrets-store|DB_PASSWORD/, 'what it added has nothing of ours')
})

/** Any user, and the one of many images. */
for (const uid of [1000, 65_532])
  t.test(`an app of user ${uid} sees the agent, but can’t take it over`, async (t) => {
    const { app, spec } = sharingProcesses(uid)
    const pod = appPod({
      ...{ namespace, name: `shared-as-${uid}`, app },
      annotations: { ...filesAndEnv, refresh: '5m', position: 'after:prepare' },
      spec: { ...spec, initContainers: [leavesProcess] },
    })
    await node.apply(pod)
    await node.untilPod(pod, isRunning)
    const run = (command: string) => node.exec(pod, 'app', 'sh', '-c', command)
    t.equal(await run(`cat ${file}`), password)
    t.equal((await run(`stat -c %u ${mountPath}/..data/db-password`)).trim(), '61037')
    const [pid = ''] = (await run(pidsOf('[a]gent'))).split('\n')
    t.match(await run(`grep Uid /proc/${pid}/status`), /^Uid:(\s+61037){4}\s*$/)
    for (const command of [
      ...['root/akv/identity/token', 'environ', 'mem', 'fd/1'].map(
        (of) => `cat /proc/${pid}/${of}`,
      ),
      `echo '{"level":"info"}' >/proc/${pid}/fd/1`,
      `kill ${pid}`,
    ])
      await t.rejects(run(command), /Permission denied|Operation not permitted/, command)
    t.equal(
      await run(pidsOf(leftover)),
      '',
      'the process that an init container left behind has ended',
    )
  })

const leftover = '[s]leep 4711'
const leavesProcess = {
  ...appContainer('prepare'),
  command: ['sh', '-c', 'setsid sleep 4711 >/dev/null 2>&1 & sleep 1; kill -0 $!'],
}
/** Prints the IDs of processes with such a command line. */
const pidsOf = (pattern: string) =>
  `for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline | grep -q '${pattern}' && basename $p; done; :`

t.test('a pod whose app could take the agent over is refused', async (t) => {
  for (const [name, securityContext] of [
    ['of-root', { runAsUser: 0, allowPrivilegeEscalation: false }],
    ['of-the-agents-user', { runAsUser: 61_037, allowPrivilegeEscalation: false }],
    ['of-its-image', {}],
  ] as const) {
    const pod = appPod({
      ...{ namespace, name, ...sharingProcesses(1000), app: { securityContext } },
      annotations: { ...filesAndEnv, refresh: '5m' },
    })
    await t.rejects(node.apply(pod), /container app: runAsUser .*could take over the agent/, name)
  }
})

function rewriteAndAdd(pod: Pod): Pod {
  const rewrite = (container: Container) => ({
    ...container,
    image: container.image.replace('registry.example/', ''),
  })
  const { containers, initContainers = [] } = pod.spec
  const added = containers.some(({ name }) => name === 'added') ? [] : [appContainer('added')]
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: [...containers.map(rewrite), ...added],
      initContainers: initContainers.map(rewrite),
    },
  }
}

import t from 'tap'
import { connect, type KubeObject } from '../../client/api.ts'
import { until } from '../../client/cluster.ts'
import { expectSuccess } from '../../client/expect-success.ts'
import { appContainer, appPod, shell } from '../harness/app-pod.ts'
import { deploymentOf } from '../harness/deployments.ts'
import { isRunning, openNode, podTimeoutMs } from '../harness/open-node.ts'
import { bundleProgram, untilVerdict } from '../harness/run-doctor.ts'
import { viewerOf } from '../harness/viewer.ts'

/** Faults that have nothing to do with akv-injector. The verdict is right or says that it can't be told, and never wrong. */
const node = openNode(t)
const namespace = await node.namespace()
const viewer = await viewerOf(t, node, namespace)

interface Stranger {
  /** A pod, or a workload that has none. */
  readonly object: KubeObject
  /** How the verdict begins. */
  readonly verdict: string
}

const refreshing = { secrets: 'db-password', refresh: '5m' }
const podOf = (
  name: string,
  more: {
    readonly app?: object
    readonly spec?: object
    readonly annotations?: Readonly<Record<string, string>>
  } = {},
) => appPod({ namespace, name, ...more, annotations: { ...refreshing, ...more.annotations } })
const done = 'akv-injector did its part: '
const before = 'the agent hasn’t had its turn: '
const volumeOf = (volume: object) => ({
  app: { volumeMounts: [{ name: 'settings', mountPath: '/settings' }] },
  spec: { volumes: [{ name: 'settings', ...volume }] },
})
const envOf = (from: object) => ({ app: { env: [{ name: 'URL', valueFrom: from }] } })
const failing = { exec: { command: ['false'] }, periodSeconds: 1 }

const strangers: Readonly<Record<string, Stranger>> = {
  'the proxy of a mesh isn’t ready': {
    object: podOf('mesh', {
      spec: {
        containers: [appContainer('app'), { ...appContainer('proxy'), readinessProbe: failing }],
      },
    }),
    verdict: `${done}container proxy isn’t ready: its readiness probe fails: `,
  },
  'a sidecar before the agent doesn’t start': {
    object: podOf('sidecar', {
      annotations: { position: 'after:proxy' },
      spec: {
        initContainers: [
          {
            ...{ ...appContainer('proxy'), restartPolicy: 'Always' },
            startupProbe: { ...failing, failureThreshold: 1000 },
          },
        ],
      },
    }),
    verdict: `${before}container proxy hasn’t started: its startup probe fails: `,
  },
  'an app that can’t resolve a name': {
    object: podOf('dns', { app: shell('nslookup absent.example') }),
    verdict: `${done}container app ends with exit code 1`,
  },
  'a claim that doesn’t exist': {
    object: podOf('claim', volumeOf({ persistentVolumeClaim: { claimName: 'absent' } })),
    verdict: `${before}no node accepts the pod: `,
  },
  'a command that doesn’t exist': {
    object: podOf('command', { app: { command: ['/absent'] } }),
    verdict: `${done}the kubelet can’t start container app: `,
  },
  'a command that may not run': {
    object: podOf('permission', { app: { command: ['/etc/passwd'] } }),
    verdict: `${done}the kubelet can’t start container app: `,
  },
  'an image that doesn’t exist': {
    object: podOf('image', { app: { image: 'registry.invalid/absent:1' } }),
    verdict: `${done}the kubelet can’t pull image registry.invalid/absent:1 of container app: `,
  },
  'a ConfigMap that a variable needs': {
    object: podOf('no-map', envOf({ configMapKeyRef: { name: 'absent', key: 'url' } })),
    verdict: `${done}ConfigMap absent doesn’t exist, which container app needs`,
  },
  'a key that a variable needs': {
    object: podOf('no-key', envOf({ configMapKeyRef: { name: 'kube-root-ca.crt', key: 'url' } })),
    verdict: `${done}ConfigMap kube-root-ca.crt has no key url, which container app needs`,
  },
  'a Secret that a variable needs': {
    object: podOf('no-secret', envOf({ secretKeyRef: { name: 'absent', key: 'url' } })),
    verdict: `${done}Secret absent doesn’t exist, which container app needs`,
  },
  'an image that runs as root, which the pod forbids': {
    object: podOf('root', { app: { securityContext: { runAsNonRoot: true, runAsUser: 0 } } }),
    verdict: `${done}the kubelet can’t start container app: CreateContainerConfigError: `,
  },
  'a liveness probe that fails': {
    object: podOf('liveness', { app: { livenessProbe: { ...failing, failureThreshold: 1 } } }),
    verdict: `${done}the kubelet restarts container app, because its liveness probe fails`,
  },
  'a hook that fails': {
    object: podOf('hook', { app: { lifecycle: { postStart: { exec: { command: ['false'] } } } } }),
    verdict: `${done}`,
  },
  'a label that no node has': {
    object: podOf('selector', { spec: { nodeSelector: { absent: 'true' } } }),
    verdict: `${before}no node accepts the pod: `,
  },
  'more CPU than any node has': {
    object: podOf('cpu', { app: { resources: { requests: { cpu: '1000' } } } }),
    verdict: 'can’t be told, because no node accepts the pod, and the agent requests ',
  },
  'a scheduling gate': {
    object: podOf('gate', { spec: { schedulingGates: [{ name: 'example.com/wait' }] } }),
    verdict: `${before}no node accepts the pod: its scheduling gates are closed: example.com/wait`,
  },
  'a readiness gate': {
    object: podOf('readiness', { spec: { readinessGates: [{ conditionType: 'example.com/ok' }] } }),
    verdict: `${done}a readiness gate of the pod isn’t met: `,
  },
  'a folder of the node that doesn’t exist': {
    object: podOf('folder', volumeOf({ hostPath: { path: '/absent', type: 'Directory' } })),
    verdict: `${before}the kubelet hasn’t mounted volume settings: `,
  },
  'another CSI driver that the node doesn’t have': {
    object: podOf('driver', volumeOf({ csi: { driver: 'absent.example' } })),
    verdict: `${before}the kubelet hasn’t mounted volume settings: `,
  },
  'an init container after the agent that fails': {
    object: podOf('init', {
      spec: { initContainers: [{ ...appContainer('migrate'), ...shell('exit 4') }] },
    }),
    verdict: `${done}init container migrate ends with exit code 4`,
  },
  'a job that fails': {
    object: podOf('job', { app: shell('exit 5'), spec: { restartPolicy: 'Never' } }),
    verdict: `${done}container app ends with exit code 5`,
  },
  'a ServiceAccount that doesn’t exist': {
    object: deploymentOf(podOf('x', { spec: { serviceAccountName: 'absent' } }), 'no-account'),
    verdict: `${before}the API server refuses the pods: `,
  },
}
const program = await bundleProgram(t)
await node.apply(...Object.values(strangers).map(({ object }) => object))

for (const [title, { object, verdict }] of Object.entries(strangers))
  t.test(title, (t) => untilVerdict(t, object, { program, viewer, verdict }))

t.test('a quota that is full', async (t) => {
  const own = await node.namespace()
  const quota = {
    ...{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'pods', namespace: own } },
    spec: { hard: { pods: '0' } },
  }
  const { metadata, ...pod } = podOf('x')
  const probe = { ...pod, metadata: { ...metadata, namespace: own } }
  const object = deploymentOf(probe, 'full')
  await node.apply(quota)
  // The API server enforces only what a controller has written to the status.
  await until(async () => {
    const { body } = await node.cluster.create(probe, { dryRun: true })
    return /exceeded quota/.test(body.message ?? '')
  }, podTimeoutMs)
  await node.apply(object)
  const viewer = await viewerOf(t, node, own)
  const verdict = `${before}a quota or a LimitRange refuses the pods: `
  await untilVerdict(t, object, { program, viewer, verdict })
})

t.test('a node that drains', async (t) => {
  const pod = podOf('drained', {
    app: shell('trap "" TERM; until [ -e /tmp/end ]; do sleep 1; done'),
    // Longer than the verdict can take on any machine.
    spec: { terminationGracePeriodSeconds: 3600 },
  })
  await node.apply(pod)
  await node.untilPod(pod, isRunning)
  const api = connect(process.env['KUBECONFIG'] ?? '')
  t.teardown(() => api.close())
  const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/eviction`
  const body = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { namespace, name: pod.metadata.name },
  }
  expectSuccess(await api.call({ method: 'POST', path, body }))
  const verdict = `${done}the pod is being deleted: EvictionByEvictionAPI: `
  await untilVerdict(t, pod, { program, viewer, verdict })
  await node.exec(pod, 'app', 'touch', '/tmp/end')
})

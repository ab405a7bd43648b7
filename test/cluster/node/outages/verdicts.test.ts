import t from 'tap'
import { csiApp } from '../csi/harness/csi-app.ts'
import { appContainer, appPod, shell } from '../harness/app-pod.ts'
import { openDrills } from '../harness/explain.ts'
import { openNode } from '../harness/open-node.ts'
import { viewerOf } from '../harness/viewer.ts'

/** Tests what `doctor` answers to "is it akv-injector?", for somebody with the ClusterRole `view` only. */
const node = openNode(t)
const namespace = await node.namespace()
const viewer = await viewerOf(t, node, namespace)
const explain = await openDrills(t, 'outages/verdicts.test.ts', [], { viewer })

const sidecar = { secrets: 'db-password', refresh: '5m' }
const pods = {
  'an init container before the agent fails': appPod({
    ...{ namespace, name: 'before', annotations: { ...sidecar, position: 'after:migrate' } },
    spec: { initContainers: [{ ...appContainer('migrate'), ...shell('exit 1') }] },
  }),
  'a volume needs a Secret that isn’t there': appPod({
    ...{ namespace, name: 'without-secret', annotations: sidecar },
    app: { volumeMounts: [{ name: 'settings', mountPath: '/settings' }] },
    spec: { volumes: [{ name: 'settings', secret: { secretName: 'absent' } }] },
  }),
  'an app isn’t ready': appPod({
    ...{ namespace, name: 'unready', annotations: sidecar },
    app: { readinessProbe: { exec: { command: ['false'] }, periodSeconds: 1 } },
  }),
  'an app ends with exit code 3': appPod({
    ...{ namespace, name: 'ends', annotations: sidecar },
    app: shell('exit 3'),
  }),
  'an app runs out of memory': appPod({
    ...{ namespace, name: 'out-of-memory', annotations: sidecar },
    app: {
      ...shell('head -c 64m /dev/zero | tail'),
      resources: { limits: { memory: '16Mi' } },
    },
  }),
  'a pod is evicted': appPod({
    ...{ namespace, name: 'evicted', annotations: sidecar },
    app: {
      ...shell('head -c 32m /dev/zero >/big; sleep infinity'),
      resources: { limits: { 'ephemeral-storage': '1Mi' } },
    },
  }),
  'a namespace lacks the label for volumes of the CSI driver': csiApp({ namespace, name: 'csi' }),
  'a secret and a certificate have expired': appPod({
    ...{ namespace, name: 'expired' },
    annotations: { secrets: 'expired-secret, cert/expired', refresh: '5m' },
  }),
}
await node.apply(...Object.values(pods))

for (const [title, pod] of Object.entries(pods))
  t.test(title, async (t) => {
    await explain(t, title, pod)
  })

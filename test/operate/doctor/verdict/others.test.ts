import {
  agentEnded,
  agentRuns,
  ago,
  conditions,
  container,
  creating,
  event,
  initContainers,
  plainPodOf,
  podOf,
  running,
  terminated,
} from './harness/judged.ts'
import {
  backOff,
  beforeAgent,
  driverAbsent,
  migrate,
  mount,
  notSetUp,
  withEvents,
} from './harness/pods.ts'
import { testVerdicts } from './harness/test-verdicts.ts'

/** A pod whose agent was killed, because it didn't end within the grace period. */
const evicted = (app: ReturnType<typeof container>) =>
  podOf({
    ...{ phase: 'Failed', main: [app] },
    init: [agentEnded(137)],
    status: {
      reason: 'Evicted',
      message:
        'The node was low on resource: memory. Threshold quantity: 100Mi, available: 80Mi. Container app was using 2Gi, request is 1Gi, has larger consumption of memory. ',
    },
  })

testVerdicts({
  'an init container before ours that fails': [
    { pod: beforeAgent(backOff, 3) },
    'the agent hasn’t had its turn: init container migrate ends with exit code 1, 3 restarts',
  ],
  'an init container after ours that fails': [
    {
      pod: podOf({
        phase: 'Pending',
        init: [agentRuns, container('migrate', terminated(1), { restartCount: 2 })],
        main: [creating('app')],
        spec: { initContainers: initContainers(podOf(), { after: [migrate] }) },
      }),
    },
    'akv-injector did its part: init container migrate ends with exit code 1, 2 restarts',
  ],
  'a Secret volume that is missing': [
    withEvents(notSetUp, mount('settings', 'secret "settings" not found')),
    'the agent hasn’t had its turn: Secret settings doesn’t exist, which volume settings needs',
  ],
  'a ConfigMap volume that is missing': [
    withEvents(notSetUp, mount('settings', 'configmap "settings" not found')),
    'the agent hasn’t had its turn: ConfigMap settings doesn’t exist, which volume settings needs',
  ],
  'a key of a Secret volume that is missing': [
    withEvents(
      {
        ...notSetUp,
        spec: {
          ...(notSetUp['spec'] as object),
          volumes: [{ name: 'settings', secret: { secretName: 'shared' } }],
        },
      },
      mount('settings', 'references non-existent secret key: url'),
    ),
    'the agent hasn’t had its turn: Secret shared has no key url, which volume settings needs',
  ],
  'a volume that can’t be attached': [
    withEvents(
      notSetUp,
      event(
        'FailedAttachVolume',
        'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) web-1',
      ),
    ),
    'the agent hasn’t had its turn: the kubelet hasn’t mounted volume pvc-1: Multi-Attach error',
  ],
  'a sandbox that fails': [
    withEvents(
      notSetUp,
      event(
        'FailedCreatePodSandBox',
        'Failed to create pod sandbox: plugin type="cilium-cni" failed (add): timed out',
      ),
    ),
    'the agent hasn’t had its turn: the kubelet can’t set up the pod: Failed to create pod sandbox',
  ],
  'a claim that isn’t bound': [
    {
      pod: podOf({
        phase: 'Pending',
        spec: { nodeName: '' },
        status: {
          initContainerStatuses: [],
          containerStatuses: [],
          conditions: [
            {
              ...{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' },
              message: '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
            },
          ],
        },
      }),
    },
    'the agent hasn’t had its turn: no node accepts the pod: 0/1 nodes are available: pod has unbound',
  ],
  'an evicted pod': [
    { pod: evicted(container('app', terminated(137), { ready: false })) },
    'akv-injector did its part: the kubelet evicted the pod from node node-1: The node was low on resource: memory.',
  ],
  'an evicted pod whose app is lost': [
    { pod: evicted(container('app', terminated(137, { reason: 'ContainerStatusUnknown' }))) },
    'the agent isn’t the cause: the kubelet evicted the pod from node node-1: The node was low on resource: memory.',
  ],
  'a pod that is evicted before its app runs': [
    { pod: evicted(creating('app')) },
    'the agent isn’t the cause: the kubelet evicted the pod from node node-1: The node was low on resource: memory.',
  ],
  'a node that drains': [
    {
      pod: podOf({
        metadata: { deletionTimestamp: ago(-20) },
        status: {
          conditions: conditions({}, [
            {
              ...{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' },
              message: 'Eviction API: evicting',
            },
          ]),
        },
      }),
    },
    'akv-injector did its part: the pod is being deleted: EvictionByEvictionAPI: Eviction API: evicting',
  ],
  'a node that refuses the pod': [
    {
      pod: podOf({
        phase: 'Failed',
        init: [],
        main: [],
        status: { reason: 'OutOfcpu', message: 'Node didn’t have enough resource: cpu' },
      }),
      log: '',
    },
    'the agent hasn’t had its turn: node node-1 refused the pod: OutOfcpu: Node didn’t',
  ],
  'a node that is gone': [
    {
      pod: podOf({ status: { conditions: conditions({ Ready: false }) } }),
      facts: { node: null },
    },
    'akv-injector did its part: node node-1 isn’t ready: it is gone',
  ],
  'a node that is gone, after an app was restarted': [
    {
      pod: podOf({
        main: [
          container('app', running(3000), {
            restartCount: 1,
            lastState: terminated(1, { finishedAt: ago(3001) }),
          }),
        ],
        status: { conditions: conditions({}, [{ type: 'Ready', status: 'False' }]) },
      }),
      facts: { node: null },
    },
    'akv-injector did its part: node node-1 isn’t ready: it is gone',
  ],
  'a readiness gate': [
    {
      pod: podOf({
        status: {
          conditions: [
            {
              ...{ type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady' },
              message: 'corresponding condition of pod readiness gate "x/y" does not exist.',
            },
          ],
        },
      }),
    },
    'akv-injector did its part: a readiness gate of the pod isn’t met: corresponding condition',
  ],
  'a volume of the CSI driver that nobody serves': [
    driverAbsent({ volumesServed: 'nowhere' }),
    'akv-injector isn’t involved: volume secrets-store needs the Secrets Store CSI Driver, which the node doesn’t have, and akv-injector isn’t set up to serve such volumes',
  ],
  'a pod that its kubelet forbids': [
    {
      pod: plainPodOf({
        phase: 'Failed',
        main: [],
        status: { reason: 'SysctlForbidden', message: 'forbidden sysctl: "kernel.msgmax"' },
      }),
    },
    'akv-injector isn’t involved: node node-1 refused the pod: SysctlForbidden: forbidden sysctl',
  ],
})

import {
  agentEnded,
  agentRuns,
  ago,
  container,
  creating,
  initContainers,
  podOf,
  terminated,
} from './harness/judged.ts'
import {
  agentEnds,
  backOff,
  crashing,
  driverAbsent,
  failedJob,
  migrate,
  mount,
  notSetUp,
  stale,
  withEvents,
} from './harness/pods.ts'
import { testVerdicts } from './harness/test-verdicts.ts'

testVerdicts({
  'an app that ends while its values are stale': [
    { pod: crashing({}), state: stale },
    'can’t be told, because container app ends with exit code 3, 17 restarts, and AKV_FORBIDDEN: the pod keeps the last values',
  ],
  'an init container that fails while its values are stale': [
    {
      pod: podOf({
        phase: 'Pending',
        init: [
          agentRuns,
          container('migrate', backOff, { restartCount: 4, lastState: terminated(1) }),
        ],
        main: [creating('app')],
        spec: { initContainers: initContainers(podOf(), { after: [migrate] }) },
      }),
      state: stale,
    },
    'can’t be told, because init container migrate ends with exit code 1, 4 restarts, and AKV_FORBIDDEN: the pod keeps the last values',
  ],
  'an app that ends, and a log that may not be read': [
    { pod: crashing({}), log: 'refused' },
    'can’t be told, because container app ends with exit code 3, 17 restarts, and its log may not be read; the right to get pods/log in namespace team-a is missing',
  ],
  'a pod evicted from a node that ran low, of which only the agent is named': [
    {
      pod: podOf({
        phase: 'Failed',
        init: [],
        main: [],
        status: {
          reason: 'Evicted',
          message:
            'The node was low on resource: memory. Threshold quantity: 100Mi, available: 80Mi. Container akv-injector was using 40Mi, request is 16Mi, has larger consumption of memory. ',
        },
      }),
    },
    'can’t be told, because the node ran low, and of this pod only the agent used more than it requests: The node was low on resource: memory.',
  ],
  'an agent that runs out of memory that the whole pod shares': [
    {
      pod: {
        ...agentEnds({ exitCode: 137, reason: 'OOMKilled' }),
        spec: { ...(podOf()['spec'] as object), resources: { limits: { memory: '64Mi' } } },
      },
      log: '',
    },
    'can’t be told, because the agent ran out of memory, and the pod’s own limit counts the other containers’ memory, too',
  ],
  'memory that the whole pod shares': [
    {
      pod: {
        ...crashing({ exitCode: 137, reason: 'OOMKilled' }),
        spec: { ...(podOf()['spec'] as object), resources: { limits: { memory: '64Mi' } } },
      },
    },
    'can’t be told, because container app ran out of memory, and the pod’s own limit counts the agent’s memory, too',
  ],
  'a silent node that may not be read': [
    {
      pod: podOf({
        status: {
          conditions: [
            { type: 'PodScheduled', status: 'True' },
            { type: 'Ready', status: 'False', lastTransitionTime: ago(60) },
          ],
        },
      }),
    },
    'can’t be told, because the pod isn’t ready although all of its containers are, as on a node that is silent; the right to get nodes in the cluster is missing',
  ],
  'our volume can’t be mounted': [
    withEvents(notSetUp, mount('akv-injector-identity', 'failed to fetch token: forbidden')),
    'can’t be told, because the kubelet hasn’t mounted volume akv-injector-identity, which the webhook adds: failed to fetch token: forbidden',
  ],
  'events that may not be read': [
    { pod: notSetUp, facts: { events: undefined } },
    'can’t be told, because container akv-injector hasn’t started for 5400 seconds, and events may not be read; the right to list events in namespace team-a is missing',
  ],
  'no memory left on the nodes, and the agent asks for some': [
    {
      pod: podOf({
        phase: 'Pending',
        spec: {
          nodeName: '',
          initContainers: [
            {
              name: 'akv-injector',
              restartPolicy: 'Always',
              resources: { requests: { memory: '16Mi' } },
            },
          ],
          containers: [{ name: 'app', resources: { requests: { memory: '1Gi' } } }],
        },
        status: {
          initContainerStatuses: [],
          containerStatuses: [],
          conditions: [
            {
              ...{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' },
              message: '0/1 nodes are available: 1 Insufficient memory.',
            },
          ],
        },
      }),
    },
    'can’t be told, because no node accepts the pod, and the agent requests 16Mi of its 1040Mi memory: 0/1 nodes are available: 1 Insufficient memory.',
  ],
  'a job that fails, with a killed agent whose log may not be read': [
    { pod: failedJob(137), log: 'refused' },
    'can’t be told, because container app ends with exit code 5, and its log may not be read; the right to get pods/log in namespace team-a is missing',
  ],
  'a job that fails, with an agent that has ended by itself': [
    { pod: failedJob(134) },
    'can’t be told, because container app ends with exit code 5, and the agent ends with exit code 134',
  ],
  'a mount that names our path': [
    {
      pod: crashing({
        exitCode: 128,
        reason: 'StartError',
        message:
          'error mounting ".../akv-injector-files" to rootfs at "/mnt/secrets-store": not a directory',
      }),
    },
    'can’t be told, because the kubelet can’t start container app: error mounting',
  ],
  'a volume of the CSI driver, and webhook configurations that may not be read': [
    driverAbsent({ namespaceObject: { metadata: { name: 'team-a' } } }),
    'can’t be told, because volume secrets-store needs the Secrets Store CSI Driver, which the node doesn’t have, and namespace team-a lacks the label akv-injector.io/csi: "true", with which akv-injector may serve it; whether akv-injector serves such volumes isn’t known; the right to list mutatingwebhookconfigurations in the cluster is missing',
  ],
  'a deadline that is over before the agent is done': [
    {
      pod: podOf({
        phase: 'Failed',
        init: [agentEnded(143)],
        main: [creating('app')],
        status: { reason: 'DeadlineExceeded', message: 'Pod was active on the node too long' },
      }),
      log: '',
    },
    'can’t be told, because the pod ran longer than activeDeadlineSeconds allows, and by then the agent hadn’t written everything',
  ],
})

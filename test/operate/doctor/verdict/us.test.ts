import { logLine } from '../../../support/injected-pods/agent-log.ts'
import {
  agentEnded,
  agentRuns,
  container,
  creating,
  plainPodOf,
  podOf,
  running,
  terminated,
  waiting,
} from './harness/judged.ts'
import { agentEnds, agentStarts, driverAbsent, said, stale } from './harness/pods.ts'
import { testVerdicts } from './harness/test-verdicts.ts'

testVerdicts({
  'a missing role': [
    { pod: agentEnds({ message: 'AKV_FORBIDDEN: vault team-a refuses' }), log: '' },
    'it is us: AKV_FORBIDDEN: vault team-a refuses',
  ],
  'a missing role, while the agent tries': [
    {
      pod: podOf({
        phase: 'Pending',
        init: [container('akv-injector', running(30), { ready: false, started: false })],
        main: [creating('app')],
      }),
      log: said({
        code: 'AKV_FORBIDDEN',
        message: 'vault team-a refuses; retrying until 10:40:00 UTC',
      }),
    },
    'it is us: AKV_FORBIDDEN: vault team-a refuses; retrying until',
  ],
  'a vault that is down': [
    { pod: agentEnds({ message: 'AKV_VAULT_UNAVAILABLE: vault team-a is failing' }), log: '' },
    'it is Azure, or the way to it: AKV_VAULT_UNAVAILABLE: vault team-a is failing',
  ],
  DNS: [
    {
      pod: agentEnds({}),
      log: logLine({
        level: 'error',
        code: 'AKV_NETWORK',
        message: 'vault team-a (team-a.vault.azure.net) could not be reached (EAI_AGAIN)',
      }),
    },
    'it is Azure, or the way to it: AKV_NETWORK: vault team-a (team-a.vault.azure.net)',
  ],
  'the node’s clock': [
    { pod: agentEnds({ message: 'AKV_CLOCK: the clock of this node is 3 hours behind' }), log: '' },
    'the agent isn’t the cause: AKV_CLOCK: the clock of this node',
  ],
  'an agent that runs out of memory': [
    { pod: agentEnds({ exitCode: 137, reason: 'OOMKilled' }), log: '' },
    'it is us: the agent ran out of memory, 4 restarts',
  ],
  'an agent that runs out of memory, between two starts': [
    { pod: agentEnds({ exitCode: 137, reason: 'OOMKilled' }, 4, agentStarts), log: '' },
    'it is us: the agent ran out of memory, 4 restarts',
  ],
  'a missing role, between two starts': [
    { pod: agentEnds({ message: 'AKV_FORBIDDEN: vault team-a refuses' }, 4, agentStarts), log: '' },
    'it is us: AKV_FORBIDDEN: vault team-a refuses',
  ],
  'an agent that ends without a word, between two starts': [
    { pod: agentEnds({ exitCode: 139 }, 4, agentStarts), log: '' },
    'it is us: the agent ends with exit code 139, 4 restarts',
  ],
  'an agent that ends without a word': [
    { pod: agentEnds({ exitCode: 139 }), log: '' },
    'it is us: the agent ends with exit code 139, 4 restarts',
  ],
  'the agent’s image': [
    {
      pod: podOf({
        phase: 'Pending',
        init: [container('akv-injector', waiting('ErrImagePull', 'unexpected status: 401'))],
        main: [creating('app')],
      }),
    },
    'it is us, or the registry: the kubelet can’t pull the agent’s image registry.example/akv-injector:1.0.0: ErrImagePull: unexpected status: 401',
  ],
  'an app that waits for the gate': [
    {
      pod: podOf({
        phase: 'Pending',
        main: [
          container(
            'app',
            waiting(
              'CreateContainerConfigError',
              'environment variable key "AKV_OBJECTS_WRITTEN" not found in file "/var/lib/kubelet/pods/1/volumes/kubernetes.io~empty-dir/akv-injector-env/see-the-log-of-container-akv-injector"',
            ),
          ),
        ],
        init: [container('akv-injector', running(30), { ready: false })],
      }),
      log: said({ code: 'AKV_FORBIDDEN', message: 'vault team-a refuses' }),
    },
    'it is us: AKV_FORBIDDEN: vault team-a refuses',
  ],
  'a stale pod': [
    { pod: podOf(), state: stale },
    'it is us: AKV_FORBIDDEN: the pod keeps the last values of secret team-a:db-password',
  ],
  'a stale pod that its probe takes out of service': [
    { pod: podOf({ init: [{ ...agentRuns, ready: false }] }), state: stale },
    'it is us: AKV_FORBIDDEN: the pod keeps the last values',
  ],
  'a pod without an agent': [
    {
      pod: plainPodOf({ metadata: { annotations: { 'akv-injector.io/secrets': 'db' } } }),
      facts: { isExcluded: true },
    },
    'it is us: the pod has annotations, but no agent: the webhook leaves namespace team-a alone',
  ],
  'our volume is too full': [
    {
      pod: podOf({
        phase: 'Failed',
        init: [],
        main: [],
        status: {
          reason: 'Evicted',
          message: 'Usage of EmptyDir volume "akv-injector-files" exceeds the limit "1Mi". ',
        },
      }),
    },
    'it is us: the kubelet evicted the pod from node node-1: Usage of EmptyDir volume',
  ],
  'a Secret that Secret sync should have made': [
    {
      pod: podOf({
        main: [container('app', waiting('CreateContainerConfigError', 'secret "db" not found'))],
      }),
      facts: {
        secretMakers: {
          found: [{ name: 'db', by: 'ServiceAccount web', code: 'AKV_FORBIDDEN' }],
          unread: [],
        },
      },
    },
    'it is us: Secret db doesn’t exist, which container app needs; Secret sync should make it: ServiceAccount web: AKV_FORBIDDEN',
  ],
  'a volume of the CSI driver in a namespace without the label': [
    driverAbsent({ volumesServed: 'elsewhere' }),
    'it is us: volume secrets-store needs the Secrets Store CSI Driver, which the node doesn’t have, and akv-injector serves it only in namespaces with the label akv-injector.io/csi: "true", which team-a lacks',
  ],
  'a volume of the CSI driver in a pod that is older than the label': [
    driverAbsent({ volumesServed: 'here' }),
    'it is us: volume secrets-store needs the Secrets Store CSI Driver, which the node doesn’t have, and the pod is older than',
  ],
  'a deadline that is over while the agent tries': [
    {
      pod: podOf({
        phase: 'Failed',
        init: [agentEnded(143)],
        main: [creating('app')],
        status: { reason: 'DeadlineExceeded', message: 'Pod was active on the node too long' },
      }),
      log: said({ code: 'AKV_FORBIDDEN', message: 'vault team-a refuses' }),
    },
    'it is us: AKV_FORBIDDEN: vault team-a refuses',
  ],
  'a deadline that is over while the agent tries again after a reboot': [
    {
      pod: podOf({
        phase: 'Failed',
        init: [agentEnded(137)],
        main: [container('app', terminated(137, { reason: 'ContainerStatusUnknown' }))],
        status: { reason: 'DeadlineExceeded', message: 'Pod was active on the node too long' },
      }),
      log: said({ code: 'AKV_FORBIDDEN', message: 'vault team-a refuses' }),
    },
    'it is us: AKV_FORBIDDEN: vault team-a refuses',
  ],
})

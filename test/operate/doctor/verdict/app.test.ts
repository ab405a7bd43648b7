import {
  agentDone,
  agentEnded,
  agentRuns,
  container,
  creating,
  event,
  initContainers,
  podOf,
  running,
  terminated,
  waiting,
} from './harness/judged.ts'
import { backOff, crashing, failedJob, migrate, unready, withEvents } from './harness/pods.ts'
import { testVerdicts } from './harness/test-verdicts.ts'

const mesh = { name: 'mesh', image: 'mesh', restartPolicy: 'Always' }

testVerdicts({
  'an app that exits with 3': [
    { pod: crashing({}) },
    'akv-injector did its part: container app ends with exit code 3, 17 restarts',
  ],
  'between two starts, the kubelet shows terminated': [
    { pod: crashing({}, terminated(3)) },
    'akv-injector did its part: container app ends with exit code 3, 17 restarts',
  ],
  'between two starts, it runs': [
    { pod: crashing({}, running(5)) },
    'akv-injector did its part: container app ended with exit code 3 and runs again, 17 restarts',
  ],
  'an app that is OOM-killed': [
    { pod: crashing({ exitCode: 137, reason: 'OOMKilled' }) },
    'akv-injector did its part: container app ran out of memory, 17 restarts',
  ],
  'an app that was OOM-killed and runs again': [
    { pod: crashing({ exitCode: 137, reason: 'OOMKilled' }, running(20)) },
    'akv-injector did its part: container app ran out of memory and runs again, 17 restarts',
  ],
  'an app that ends well although it should go on': [
    { pod: crashing({ exitCode: 0, reason: 'Completed' }) },
    'akv-injector did its part: container app ends with exit code 0, 17 restarts',
  ],
  'a job that fails': [
    {
      pod: podOf({
        phase: 'Failed',
        once: true,
        init: [agentDone],
        main: [container('app', terminated(2), { ready: false })],
        spec: { restartPolicy: 'Never' },
      }),
    },
    'akv-injector did its part: container app ends with exit code 2',
  ],
  'a job that fails, with a sidecar that ended with it': [
    {
      pod: podOf({
        ...{ phase: 'Failed', once: true },
        init: [container('mesh', terminated(143), { ready: false }), agentDone],
        main: [container('app', terminated(3), { ready: false })],
        spec: {
          restartPolicy: 'Never',
          initContainers: initContainers(podOf({ once: true }), { before: [mesh] }),
        },
      }),
    },
    'akv-injector did its part: container app ends with exit code 3',
  ],
  'a job whose init container fails, with an agent that ended with it': [
    {
      pod: podOf({
        phase: 'Failed',
        init: [
          container('akv-injector', terminated(0), { ready: false }),
          container('migrate', terminated(1)),
        ],
        main: [creating('app')],
        spec: {
          restartPolicy: 'Never',
          initContainers: initContainers(podOf(), { after: [migrate] }),
        },
      }),
    },
    'akv-injector did its part: init container migrate ends with exit code 1',
  ],
  'an app that isn’t ready': [
    withEvents(
      podOf({ main: [unready()] }),
      event('Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503', {
        container: 'app',
      }),
    ),
    'akv-injector did its part: container app isn’t ready: its readiness probe fails: Readiness probe failed: HTTP probe failed with statuscode: 503',
  ],
  'an app that isn’t ready, without events': [
    { pod: podOf({ main: [unready()] }), facts: { events: undefined } },
    'akv-injector did its part: container app isn’t ready',
  ],
  'an app whose startup probe fails': [
    withEvents(
      podOf({ main: [unready({ started: false })] }),
      event(
        'Unhealthy',
        'Startup probe failed: dial tcp 10.0.0.1:80: connect: connection refused',
        {
          container: 'app',
        },
      ),
    ),
    'akv-injector did its part: container app hasn’t started: its startup probe fails: ',
  ],
  'an app that its liveness probe ends': [
    withEvents(
      crashing({ exitCode: 137, reason: 'Error' }),
      event('Killing', 'Container app failed liveness probe, will be restarted', {
        container: 'app',
        seconds: 10,
      }),
      event('Unhealthy', 'Liveness probe failed: Get "http://10.0.0.1/": EOF', {
        container: 'app',
      }),
    ),
    'akv-injector did its part: the kubelet restarts container app, because its liveness probe fails, 17 restarts: Liveness probe failed: ',
  ],
  'a bad command': [
    {
      pod: crashing(
        {
          exitCode: 128,
          reason: 'StartError',
          message:
            'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH',
        },
        waiting('CrashLoopBackOff'),
      ),
    },
    'akv-injector did its part: the kubelet can’t start container app: failed to create containerd task: ',
  ],
  'an image that can’t be pulled': [
    {
      pod: podOf({
        main: [container('app', waiting('ImagePullBackOff', 'Back-off pulling image "app:2"'))],
      }),
    },
    'akv-injector did its part: the kubelet can’t pull image app of container app: ImagePullBackOff: Back-off pulling image',
  ],
  'a Secret that a variable needs': [
    {
      pod: podOf({
        main: [container('app', waiting('CreateContainerConfigError', 'secret "other" not found'))],
      }),
    },
    'akv-injector did its part: Secret other doesn’t exist, which container app needs',
  ],
  'a key that a variable needs': [
    {
      pod: podOf({
        main: [
          container(
            'app',
            waiting(
              'CreateContainerConfigError',
              "couldn't find key url in ConfigMap team-a/settings",
            ),
          ),
        ],
      }),
    },
    'akv-injector did its part: ConfigMap settings has no key url, which container app needs',
  ],
  'a container that may not run as root': [
    {
      pod: podOf({
        main: [
          container(
            'app',
            waiting(
              'CreateContainerConfigError',
              'container has runAsNonRoot and image will run as root (pod: "web_team-a(1)", container: app)',
            ),
          ),
        ],
      }),
    },
    'akv-injector did its part: the kubelet can’t start container app: CreateContainerConfigError: container has runAsNonRoot',
  ],
  'a sidecar of a mesh that isn’t ready': [
    withEvents(
      podOf({
        main: [container('app', running()), { ...unready(), name: 'istio-proxy' }],
        spec: { containers: [{ name: 'app' }, { name: 'istio-proxy' }] },
      }),
      event('Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503', {
        container: 'istio-proxy',
      }),
    ),
    'akv-injector did its part: container istio-proxy isn’t ready: ',
  ],
  'a hook that fails': [
    {
      pod: crashing(
        { exitCode: 137 },
        waiting('PostStartHookError', 'exec [/bin/false] exited with 1'),
      ),
    },
    'akv-injector did its part: the kubelet can’t start container app: PostStartHookError: exec',
  ],
  'a job that fails, with a sidecar that ends after it': [
    { pod: failedJob(0) },
    'akv-injector did its part: container app ends with exit code 5',
  ],
  'a job that fails, with a sidecar that is killed after it': [
    { pod: failedJob(137) },
    'akv-injector did its part: container app ends with exit code 5',
  ],
  'a proxy that crashes while the app runs': [
    {
      pod: podOf({
        init: [
          agentRuns,
          container('proxy', backOff, { restartCount: 2, lastState: terminated(1) }),
        ],
        spec: {
          initContainers: initContainers(podOf(), {
            after: [{ name: 'proxy', restartPolicy: 'Always' }],
          }),
        },
      }),
    },
    'akv-injector did its part: container proxy ends with exit code 1, 2 restarts',
  ],
  'a deadline that the app exceeds': [
    {
      pod: podOf({
        phase: 'Failed',
        init: [agentEnded(0)],
        main: [container('app', terminated(137), { ready: false })],
        status: { reason: 'DeadlineExceeded', message: 'Pod was active on the node too long' },
      }),
    },
    'akv-injector did its part: the pod ran longer than activeDeadlineSeconds allows',
  ],
  'a deadline that the app exceeds, whose agent is killed': [
    {
      pod: podOf({
        phase: 'Failed',
        init: [agentEnded(137)],
        main: [container('app', terminated(137), { ready: false })],
        status: { reason: 'DeadlineExceeded', message: 'Pod was active on the node too long' },
      }),
      log: '',
    },
    'akv-injector did its part: the pod ran longer than activeDeadlineSeconds allows',
  ],
})

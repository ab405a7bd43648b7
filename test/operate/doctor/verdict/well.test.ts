import { stateOf } from '../../../support/injected-pods/agent-log.ts'
import {
  agentDone,
  ago,
  conditions,
  container,
  plainPodOf,
  podOf,
  running,
  terminated,
} from './harness/judged.ts'
import { beforeAgent, crashing, notSetUp } from './harness/pods.ts'
import { testVerdicts } from './harness/test-verdicts.ts'

testVerdicts({
  'all is well': [{ pod: podOf() }, 'akv-injector did its part, and nothing else fails'],
  'a pod that fetched once': [
    { pod: podOf({ once: true, init: [agentDone] }) },
    'akv-injector did its part, and nothing else fails',
  ],
  'a restart long ago': [
    {
      pod: crashing({ finishedAt: ago(7200) }, running(7100), { restartCount: 1 }),
    },
    'akv-injector did its part, and nothing else fails',
  ],
  'a pod that asks for nothing': [
    { pod: plainPodOf() },
    'nothing fails, and akv-injector isn’t involved',
  ],
  'a job that is done': [
    {
      pod: podOf({
        phase: 'Succeeded',
        once: true,
        init: [agentDone],
        main: [container('app', terminated(0), { ready: false })],
        spec: { restartPolicy: 'Never' },
      }),
    },
    'nothing has failed: all containers have ended without an error',
  ],
  'a job of which one container is done': [
    {
      pod: podOf({
        ...{ once: true, init: [agentDone] },
        main: [container('app', terminated(0), { ready: false }), container('web', running())],
        spec: { restartPolicy: 'OnFailure', containers: [{ name: 'app' }, { name: 'web' }] },
        status: { conditions: conditions({ Ready: false }) },
      }),
    },
    'akv-injector did its part, and nothing else fails',
  ],
  'a container that may end by its own restartPolicy': [
    {
      pod: podOf({
        ...{ once: true, init: [agentDone] },
        main: [container('app', terminated(0), { ready: false }), container('web', running())],
        spec: { containers: [{ name: 'app', restartPolicy: 'Never' }, { name: 'web' }] },
        status: { conditions: conditions({ Ready: false }) },
      }),
    },
    'akv-injector did its part, and nothing else fails',
  ],
  'an expired secret': [
    { pod: podOf(), state: stateOf({ expires: '2026-11-28T00:00:00.000Z' }) },
    'akv-injector did its part, and nothing else fails; secret team-a:db-password expired at 2026-11-28T00:00:00.000Z',
  ],
  'an app that ends, with a secret that has expired': [
    { pod: crashing({}), state: stateOf({ expires: '2026-11-28T00:00:00.000Z' }) },
    'akv-injector did its part: container app ends with exit code 3, 17 restarts; secret team-a:db-password expired at',
  ],
  'an init container that takes its time': [
    { pod: beforeAgent(running(300)) },
    'nothing has failed yet: init container migrate has been running for 300 s, and the next containers wait for it',
  ],
  'a pod that has just been created': [
    {
      pod: {
        ...notSetUp,
        metadata: { ...(notSetUp['metadata'] as object), creationTimestamp: ago(3) },
      },
    },
    'nothing has failed yet: container akv-injector is starting',
  ],
})

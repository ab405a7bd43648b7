import { logLine, stateOf } from '../../../../support/injected-pods/agent-log.ts'
import {
  agentEnded,
  conditions,
  container,
  creating,
  event,
  initContainers,
  type Known,
  plainPodOf,
  podOf,
  running,
  terminated,
  waiting,
} from './judged.ts'

export const backOff = waiting('CrashLoopBackOff', 'back-off 5m0s restarting failed container=app')
/** An app that ends, and how it ended the last time. */
export const crashing = (end: object, state = backOff, more = {}) =>
  podOf({
    main: [
      container('app', state, { restartCount: 17, lastState: terminated(3, { ...end }), ...more }),
    ],
  })
export const said = (lines: object) => logLine({ level: 'warn', ...lines })
export const withEvents = (
  pod: Known['pod'],
  ...events: readonly ReturnType<typeof event>[]
): Known => ({
  pod,
  facts: { events },
})
export const unready = (more = {}) => container('app', running(), { ready: false, ...more })
export const starting = podOf({
  phase: 'Pending',
  init: [creating('akv-injector')],
  main: [creating('app')],
})
export const notSetUp: Known['pod'] = {
  ...starting,
  status: {
    ...(starting['status'] as object),
    conditions: conditions({ PodReadyToStartContainers: false, Initialized: false, Ready: false }),
  },
}
export const stale = stateOf({
  failing: { code: 'AKV_FORBIDDEN', since: '2026-11-29T09:30:00.000Z' },
})
/** An agent that runs and hasn't written everything. */
export const agentStarts = running(5)
export const agentEnds = (details: object, restarts = 4, state = backOff) =>
  podOf({
    phase: 'Pending',
    init: [
      container('akv-injector', state, {
        ...{ ready: false, started: false },
        restartCount: restarts,
        lastState: terminated(1, { ...details }),
      }),
    ],
    main: [creating('app')],
  })
/** A pod without restarts whose app ended with exit code 5, and its agent with this one. */
export const failedJob = (agentExitCode: number) =>
  podOf({
    phase: 'Failed',
    init: [agentEnded(agentExitCode)],
    main: [container('app', terminated(5), { ready: false })],
    spec: { restartPolicy: 'Never' },
    status: { conditions: conditions({ Ready: false }) },
  })
export const mount = (volume: string, why: string) =>
  event('FailedMount', `MountVolume.SetUp failed for volume "${volume}" : ${why}`)

export const migrate = { name: 'migrate', image: 'app' }
export const beforeAgent = (state: Readonly<Record<string, unknown>>, restartCount = 0) =>
  podOf({
    phase: 'Pending',
    init: [
      container('migrate', state, {
        restartCount,
        lastState: restartCount > 0 ? terminated(1) : {},
      }),
      creating('akv-injector'),
    ],
    main: [creating('app')],
    spec: { initContainers: initContainers(podOf(), { before: [migrate] }) },
  })

/** A pod with a volume of the CSI driver on a node that doesn’t have the driver. */
export const driverAbsent = (facts: Known['facts'] = {}): Known => ({
  pod: plainPodOf({
    phase: 'Pending',
    main: [container('app', waiting('ContainerCreating'))],
    spec: {
      volumes: [{ name: 'secrets-store', csi: { driver: 'secrets-store.csi.k8s.io' } }],
    },
    status: { conditions: conditions({ PodReadyToStartContainers: false }) },
  }),
  facts: {
    events: [
      mount(
        'secrets-store',
        'kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name secrets-store.csi.k8s.io not found in the list of registered CSI drivers',
      ),
    ],
    ...facts,
  },
})

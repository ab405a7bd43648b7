import {
  type AgentConfig,
  freshPath,
  hangGraceSeconds,
  readyPath,
  startGatePath,
  throttlingAllowanceSeconds,
} from '../../../delivery/contract.ts'

/**
 * The probe fails only after the agent's own deadline, so that the agent can report why it gave up. The pod's limit is
 * fixed here, so it always includes the time that a throttling vault may add.
 */
const probeGraceSeconds = throttlingAllowanceSeconds + hangGraceSeconds + 15
/** An agent that outlasts outages has no deadline. One that is stuck, which has never been seen, starts again after a day. */
const outageSeconds = 24 * 60 * 60
/** How long the image's program waits for the path before a probe fails. */
const probeWaitSeconds = 10
/**
 * The program ends within ten seconds and prints why, but a node that starts many pods at once may not have the CPU to begin it. A
 * probe that the kubelet ends has to begin again, so with a short limit, such a node would be busy with probes that never pass.
 */
const probeTimeoutSeconds = 120
/**
 * Each probe starts a process. A pod with `stale-after` needs no faster answer, because it is stale for minutes already. A
 * longer period would be worse for pods with a start gate: if the kubelet has been running for less than a period, it begins to probe
 * after a random part of one.
 */
const readinessPeriodSeconds = 30
/** How long the `postStart` hook waits. Until it ends, the kubelet shows no log of the agent. */
const hookSeconds = 5
/** The image's program waits up to 10 minutes for the start gate, and 10 seconds for objects that aren't stale. */
const startGateTimeoutSeconds = 630
/** The liveness probe matters only once, so it may come late. */
const livenessPeriodSeconds = 600

/** What makes the container of a refreshing agent a sidecar, after which the other containers wait. */
export const nativeSidecar = (config: AgentConfig) => ({
  restartPolicy: 'Always',
  ...(config.opensGate ? atStartGate(config) : behindProbe(config)),
})

/**
 * A sidecar whose startup probe holds back the next container until everything is written. The agent's image carries
 * `init-agent/await-files.ts` as `/usr/bin/test`, which waits for the path: a probe that returned at once would raise a
 * Warning event in each second of a healthy start. The command never changes, because during an upgrade, webhooks and
 * agent images of different versions meet (docs/specification.md, "What is added to a pod").
 *
 * With a `timeout`, the threshold counts one failure for each second that the agent may take, so a probe that fails at once is
 * enough. Without one, it counts a failure for each wait of the program, or the day would be ten.
 */
function behindProbe(config: AgentConfig) {
  return {
    startupProbe: {
      exec: {
        command: ['/usr/bin/test', '-e', readyPath(config)],
      },
      timeoutSeconds: probeTimeoutSeconds,
      periodSeconds: 1,
      failureThreshold: config.outlastsOutages
        ? outageSeconds / probeWaitSeconds
        : startSeconds(config),
    },
    ...(config.staleAfterSeconds !== undefined && { readinessProbe: readinessProbe(config) }),
  }
}

/**
 * A sidecar after which each container waits for a variable that the agent writes last. The kubelet has to find it before it
 * creates a container, and tries again every 10 to 15 seconds.
 *
 * - The hook saves these seconds in a healthy start: the kubelet starts the next container when it has ended. It always passes.
 * - The readiness probe saves them later: when it passes, the kubelet looks at the pod at once.
 * - The liveness probe ends an agent that is stuck before it has written everything, as the startup probe would.
 *
 * An agent that doesn't know the start gate gives up because of the configuration's version, so these commands needn't stay the same.
 */
function atStartGate(config: AgentConfig) {
  const gate = ['/usr/bin/test', '-s', startGatePath]
  const isFresh = config.staleAfterSeconds === undefined ? [] : ['-a', '-e', freshPath(config)]
  return {
    lifecycle: { postStart: { exec: { command: [...gate, '-o', String(hookSeconds)] } } },
    livenessProbe: {
      exec: { command: ['/usr/bin/test', '-e', readyPath(config)] },
      initialDelaySeconds: startSeconds(config),
      timeoutSeconds: probeTimeoutSeconds,
      periodSeconds: livenessPeriodSeconds,
      failureThreshold: 1,
    },
    readinessProbe: {
      exec: { command: [...gate, ...isFresh] },
      timeoutSeconds: startGateTimeoutSeconds,
      periodSeconds: readinessPeriodSeconds,
      failureThreshold: 1,
    },
  }
}

/** For how long the agent may be starting. */
const startSeconds = ({ timeoutSeconds, outlastsOutages }: AgentConfig): number =>
  outlastsOutages ? outageSeconds : timeoutSeconds + probeGraceSeconds

/** The same program as in the startup probe. A file that is missing is a decision of the agent, so one failure is enough. */
const readinessProbe = (config: AgentConfig) => ({
  exec: { command: ['/usr/bin/test', '-e', freshPath(config)] },
  timeoutSeconds: probeTimeoutSeconds,
  periodSeconds: readinessPeriodSeconds,
  failureThreshold: 1,
})

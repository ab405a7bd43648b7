import { isObject, type JsonObject, objectAt, valueAt } from '../../../lib/shape.ts'

/** The state of a container, as the kubelet has last reported it. */
export interface ContainerState {
  readonly name: string
  readonly kind: 'waiting' | 'running' | 'terminated'
  /** Why it waits or has ended, such as `ImagePullBackOff` or `OOMKilled`. */
  readonly reason: string | undefined
  /** What the kubelet says about a container that waits. */
  readonly message: string
  /** When the container started, if it is running. */
  readonly startedAtMs: number | undefined
  readonly isReady: boolean
  /** Its startup probe has passed, or it has none and runs. */
  readonly isStarted: boolean
  readonly restarts: number
  /** How the container ended, now or in its previous run. */
  readonly ended: EndedContainer | undefined
}

export interface EndedContainer {
  readonly exitCode: number
  readonly reason: string | undefined
  readonly message: string
  readonly finishedAtMs: number
}

const healthyReasons: readonly string[] = ['PodInitializing', 'ContainerCreating']

/** Whether a container with this waiting reason is healthy and just hasn't had its turn yet. */
export const waitsForItsTurn = (reason: string): boolean => healthyReasons.includes(reason)

/** Whether the container has been started, as far as its current state tells. */
export const hasRun = ({ kind, reason }: ContainerState): boolean =>
  kind !== 'waiting' || reason === 'CrashLoopBackOff'

const lostReasons: readonly string[] = ['ContainerStatusUnknown', 'Unknown']

/** Whether the kubelet has lost a container, as by a reboot. Its end says nothing about its process then. */
export const isLost = ({ reason = '' }: EndedContainer): boolean => lostReasons.includes(reason)

/** The kubelet's own limit. */
const maxMessageLength = 4096

/** Reads an entry of `containerStatuses`, unchecked. */
export function readContainerState(status: JsonObject): ContainerState {
  const { name, ready, restartCount } = status
  const running = valueAt(status, 'state', 'running')
  const terminated = valueAt(status, 'state', 'terminated')
  const current = running ?? terminated ?? valueAt(status, 'state', 'waiting')
  const last = terminated ?? valueAt(status, 'lastState', 'terminated')
  const startedAtMs = Date.parse(String(valueAt(running, 'startedAt')))
  return {
    name: String(name),
    kind: running ? 'running' : terminated ? 'terminated' : 'waiting',
    reason: textOf(valueAt(current, 'reason')),
    message: messageOf(valueAt(status, 'state', 'waiting')),
    startedAtMs: Number.isNaN(startedAtMs) ? undefined : startedAtMs,
    isReady: ready === true,
    isStarted: status['started'] === true,
    restarts: typeof restartCount === 'number' ? restartCount : 0,
    ended: isObject(last) ? readEnd(last) : undefined,
  }
}

function readEnd(last: JsonObject): EndedContainer {
  const { exitCode, reason, finishedAt } = objectAt(last)
  return {
    exitCode: typeof exitCode === 'number' ? exitCode : 0,
    reason: textOf(reason),
    message: messageOf(last),
    finishedAtMs: Date.parse(String(finishedAt)),
  }
}

const messageOf = (state: unknown): string =>
  (textOf(valueAt(state, 'message')) ?? '').slice(0, maxMessageLength)

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
